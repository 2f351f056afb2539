// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/files.h"

#include <cstdio>
#include <memory>

#include <glob.h>
#include <sys/stat.h>

namespace weir::keeper {
namespace {

/// More than any configuration: a device or an endless file given by mistake ends here.
constexpr std::size_t max_size = 256u << 20;

Result<std::string> read_file(const std::string& path)
{
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), std::fclose);
    if (!file)
        return fail_errno(path);
    struct stat status {};
    if (fstat(fileno(file.get()), &status) == 0 && S_ISDIR(status.st_mode))
        return fail_errno(path, EISDIR);
    std::string text;
    char buffer[65536];
    while (std::size_t got = std::fread(buffer, 1, sizeof(buffer), file.get())) {
        text.append(buffer, got);
        if (text.size() > max_size)
            return fail_errno(path, EFBIG);
    }
    if (std::ferror(file.get()))
        return fail_errno(path);
    return text;
}

std::vector<std::string> glob_files(const std::string& pattern)
{
    glob_t found{};
    std::vector<std::string> names;
    if (::glob(pattern.c_str(), GLOB_MARK | GLOB_BRACE, nullptr, &found) == 0) {
        for (std::size_t i = 0; i < found.gl_pathc; i++) {
            std::string name = found.gl_pathv[i];
            if (!name.ends_with('/')) // GLOB_MARK: a directory
                names.push_back(std::move(name));
        }
    }
    globfree(&found);
    return names;
}

} // namespace

ConfigFiles ConfigFiles::local()
{
    return {read_file, glob_files};
}

} // namespace weir::keeper
