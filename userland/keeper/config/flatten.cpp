// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/flatten.h"

#include "keeper/config/tree.h"

namespace weir::keeper {
namespace {

/// Comment signs outside quotes had been escaped.
void put_line(std::string& text, std::string_view line)
{
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); i++) {
        char c = line[i];
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' && i + 1 < line.size() && !quoted)
            text += line[i++];
        else if (!quoted && (c == '#' || c == '!'))
            text += '\\';
        text += line[i];
    }
    text += '\n';
}

void put(std::string& text, const std::vector<Statement>& statements)
{
    for (const auto& statement : statements) {
        put_line(text, statement.line.view());
        if (statement.block) {
            text += "{\n";
            put(text, statement.children);
            text += "}\n";
        }
    }
}

} // namespace

std::string flatten_config(const std::string& path, const ConfigFiles& files, const ConfigHost& host,
                           Diagnostics& diagnostics)
{
    ConfigReader reader(files, host, diagnostics);
    reader.open(path);
    std::string text;
    put(text, read_tree(reader, diagnostics));
    return text;
}

Config read_config_text(const std::string& text, Diagnostics& diagnostics, const ConfigOptions& options)
{
    ConfigFiles files{[&](const std::string&) -> Result<std::string> { return text; },
                      [](const std::string& name) { return std::vector{name}; }};
    return read_config("configuration", files, ConfigHost{}, diagnostics, options);
}

} // namespace weir::keeper
