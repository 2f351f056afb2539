// SPDX-License-Identifier: GPL-2.0
#include "toa/cgroup.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <sys/stat.h>

namespace weir::toa {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> id_of(const std::string& directory)
{
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        return std::nullopt;
    return status.st_ino; // kernfs: the inode's number is the cgroup's id
}

/// "\040" and the like, as the kernel writes blanks in paths.
std::string unescape(std::string_view text)
{
    std::string plain;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] != '\\' || i + 3 >= text.size()) {
            plain += text[i];
            continue;
        }
        plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
        i += 3;
    }
    return plain;
}

Result<Cgroup> at(const std::string& root, const std::string& path)
{
    Cgroup cgroup;
    cgroup.path = path.empty() ? "/" : path;
    cgroup.directory = path == "/" ? root : root + path;
    auto id = id_of(cgroup.directory);
    if (!id)
        return fail(ENOENT, fmt::format("there is no cgroup '{}' in {}", cgroup.path, root));
    cgroup.id = *id;
    return cgroup;
}

/// Calls `visit` with each directory below `root`, until it gives true. Cgroups come and go meanwhile.
template <typename Visit>
void walk(const std::string& root, const Visit& visit)
{
    std::error_code error;
    fs::recursive_directory_iterator entry(root, fs::directory_options::skip_permission_denied, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        std::error_code gone;
        if (entry->is_directory(gone) && !gone && visit(entry->path().string()))
            return;
    }
}

Result<Cgroup> find_unit(const std::string& root, const std::string& name)
{
    std::vector<std::string> found;
    walk(root, [&](const std::string& directory) {
        if (fs::path(directory).filename() == name)
            found.push_back(directory.substr(root.size()));
        return false;
    });
    if (found.empty())
        return fail(ENOENT, fmt::format("no unit '{}' is running: its cgroup is there only then", name));
    if (found.size() > 1)
        return fail(EINVAL,
                    fmt::format("'{}' is both {} and {}: name one of them", name, found[0], found[1]));
    return at(root, found[0]);
}

} // namespace

std::string find_hierarchy(std::string_view mountinfo)
{
    std::istringstream lines{std::string(mountinfo)};
    for (std::string line; std::getline(lines, line);) {
        // id parent major:minor root mount-point options [tags] - type source options
        std::istringstream words(line);
        std::vector<std::string> word{std::istream_iterator<std::string>(words), {}};
        for (std::size_t i = 6; i + 1 < word.size(); i++)
            if (word[i] == "-") {
                if (word[i + 1] == "cgroup2" && word[3] == "/")
                    return unescape(word[4]);
                break;
            }
    }
    return {};
}

Result<std::string> cgroup_hierarchy()
{
    std::ifstream file("/proc/self/mountinfo");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    std::string root = find_hierarchy(text);
    if (root.empty())
        return fail(
            ENOENT,
            "the hierarchy of cgroups of version 2 is not mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup");
    return root;
}

Result<Cgroup> find_cgroup(const std::string& text)
{
    auto root = cgroup_hierarchy();
    if (!root)
        return pass_on(root);
    if (!text.starts_with('/'))
        return find_unit(*root, text);
    std::string path = fs::path(text).lexically_normal().string();
    if (path.size() > 1 && path.ends_with('/'))
        path.pop_back();
    if (path == *root)
        path.resize(1);
    else if (path.starts_with(*root + "/"))
        path.erase(0, root->size());
    return at(*root, path);
}

std::vector<Cgroup> cgroup_subtree(const Cgroup& cgroup)
{
    std::vector<Cgroup> list{cgroup};
    walk(cgroup.directory, [&](const std::string& directory) {
        if (auto id = id_of(directory)) {
            std::string below = directory.substr(cgroup.directory.size());
            list.push_back({*id, (cgroup.path == "/" ? "" : cgroup.path) + below, directory});
        }
        return false;
    });
    return list;
}

std::string cgroup_path(std::uint64_t id)
{
    auto root = cgroup_hierarchy();
    if (!root)
        return {};
    if (id_of(*root) == id)
        return "/";
    std::string path;
    walk(*root, [&](const std::string& directory) {
        if (id_of(directory) != id)
            return false;
        path = directory.substr(root->size());
        return true;
    });
    return path;
}

} // namespace weir::toa
