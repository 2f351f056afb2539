// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/config_memory.h"

#include <map>
#include <string>
#include <thread>

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/config/flatten.h"

namespace weir::keeper {

std::unique_ptr<Config> read_config_memory(int fd, ConfigPart part)
{
    struct stat status {};
    if (fstat(fd, &status) < 0)
        return nullptr;
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    if (pread(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
        return nullptr;
    if (part == ConfigPart::without_services)
        text = without_services(text);
    Diagnostics diagnostics;
    return std::make_unique<Config>(read_config_text(text, diagnostics, {.lenient = true}));
}

std::unique_ptr<Config> read_config_apart(int fd, ConfigPart part)
{
    std::unique_ptr<Config> config;
    std::thread([&] { config = read_config_memory(fd, part); }).join();
    return config;
}

void drop_routers(Config& config)
{
    config.instances = {}, config.groups = {}, config.fixed = {};
    config.scripts = {}, config.processes = {}, config.files = {};
}

void own_checks(Config& config)
{
    std::map<const CheckSpec*, SharedSpec> own;
    for (auto& service : config.virtual_servers) {
        for (auto& server : service.servers) {
            for (auto& check : server.checks) {
                auto& copy = own[check.get()];
                if (!copy)
                    copy = std::make_shared<const CheckSpec>(*check);
                check = copy;
            }
        }
    }
}

void give_back_memory()
{
    malloc_trim(0);
}

} // namespace weir::keeper
