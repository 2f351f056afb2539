// SPDX-License-Identifier: GPL-2.0
// Any text as keepalived.conf: an answer, never a crash, an endless loop or unbounded memory.
#include <cstddef>
#include <cstdint>
#include <string>

#include "keeper/config/config.h"

using namespace weir;
using namespace weir::keeper;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string text(reinterpret_cast<const char*>(data), size);
    ConfigFiles files{[&](const std::string&) -> Result<std::string> { return text; },
                      [](const std::string& pattern) {
                          return pattern == "/k" || pattern == "/self" ? std::vector{pattern}
                                                                       : std::vector<std::string>{};
                      }};
    ConfigHost host;
    host.config_id = "id";
    host.environment = [](const char*) -> const char* { return "value"; };
    host.random = [](std::uint32_t min, std::uint32_t) { return min; };
    host.max_lines = 2000;
    Diagnostics diagnostics;
    Config config = read_config("/k", files, host, diagnostics);
    for (const auto& diagnostic : diagnostics.all())
        (void)diagnostics.format(diagnostic);
    return check_status(diagnostics) < 0 || config.instances.size() > 2000;
}
