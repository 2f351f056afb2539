// SPDX-License-Identifier: GPL-2.0
// Configuration from memory, for tests.
#pragma once

#include <fnmatch.h>
#include <map>
#include <string>
#include <vector>

#include "keeper/config/config.h"
#include "keeper/config/tree.h"

namespace weir::keeper::test {

using FileMap = std::map<std::string, std::string>;

inline ConfigFiles files_of(const FileMap& map)
{
    return {[&map](const std::string& path) -> Result<std::string> {
                auto file = map.find(path);
                if (file == map.end())
                    return fail_errno(path, ENOENT);
                return file->second;
            },
            [&map](const std::string& pattern) {
                std::vector<std::string> names;
                for (const auto& [name, text] : map) {
                    if (fnmatch(pattern.c_str(), name.c_str(), FNM_PATHNAME) == 0)
                        names.push_back(name);
                }
                return names;
            }};
}

inline ConfigHost host_of(std::string id = "main")
{
    ConfigHost host;
    host.config_id = std::move(id);
    host.instance = "blue";
    host.environment = [](const char* name) -> const char* {
        return std::string_view(name) == "SITE" ? "north" : nullptr;
    };
    host.random = [](std::uint32_t min, std::uint32_t max) { return min + (max - min) / 2; };
    return host;
}

/// The tree of "/etc/k/main" written out: words joined by "|", blocks in braces, lines by ";".
struct Parsed {
    std::string tree;
    std::vector<std::string> messages;
};

inline std::string flatten(const std::vector<Statement>& statements)
{
    std::string text;
    for (const auto& statement : statements) {
        for (std::size_t i = 0; i < statement.words.size(); i++)
            text += (i ? "|" : "") + statement.words[i].text;
        if (statement.block)
            text += "{" + flatten(statement.children) + "}";
        text += ";";
    }
    return text;
}

inline Parsed parse(const FileMap& map, std::string id = "main")
{
    Diagnostics diagnostics;
    ConfigFiles files = files_of(map);
    ConfigHost host = host_of(std::move(id));
    host.max_lines = 10000;
    ConfigReader reader(files, host, diagnostics);
    reader.open("/etc/k/main");
    Parsed parsed{flatten(read_tree(reader, diagnostics)), {}};
    for (const auto& diagnostic : diagnostics.all())
        parsed.messages.push_back(diagnostics.format(diagnostic));
    return parsed;
}

inline Parsed parse(const std::string& text, std::string id = "main")
{
    return parse(FileMap{{"/etc/k/main", text}}, std::move(id));
}

struct Loaded {
    Config config;
    Diagnostics diagnostics;
    /// Without the file's name and without notes.
    std::vector<std::string> messages;
};

inline Loaded load(const std::string& text, ConfigOptions options = {})
{
    FileMap map{{"/k", text}};
    Loaded loaded;
    loaded.config = read_config("/k", files_of(map), host_of(), loaded.diagnostics, options);
    for (const auto& diagnostic : loaded.diagnostics.all()) {
        if (diagnostic.severity != Severity::note)
            loaded.messages.push_back(loaded.diagnostics.format(diagnostic).substr(3));
    }
    return loaded;
}

} // namespace weir::keeper::test
