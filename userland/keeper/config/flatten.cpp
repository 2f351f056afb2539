// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/flatten.h"

#include <algorithm>
#include <string_view>

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

/// Whether this line opens one; the keyword may have a blank of any kind behind it.
bool is_service(std::string_view line)
{
    std::string_view word = line.substr(0, line.find_first_of(" \t\n"));
    return word == "virtual_server" || word == "virtual_server_group";
}

} // namespace

std::string flat_text(const std::vector<Statement>& tree)
{
    std::string text;
    put(text, tree);
    return text;
}

std::string without_services(const std::string& text)
{
    std::string kept;
    std::size_t depth = 0;
    bool leaving_out = false;
    for (std::size_t start = 0, end = 0; start < text.size(); start = end) {
        end = std::min(text.find('\n', start), text.size() - 1) + 1;
        std::string_view line = std::string_view(text).substr(start, end - start);
        // a brace has a line of its own
        if (line == "{\n")
            depth++;
        else if (depth == 0)
            leaving_out = is_service(line);
        if (!leaving_out)
            kept += line;
        if (line == "}\n" && depth > 0)
            depth--;
    }
    return kept;
}

Config read_config_text(const std::string& text, Diagnostics& diagnostics, const ConfigOptions& options)
{
    ConfigFiles files{[&](const std::string&) -> Result<std::string> { return text; },
                      [](const std::string& name) { return std::vector{name}; }};
    return read_config("configuration", files, ConfigHost{}, diagnostics, options);
}

} // namespace weir::keeper
