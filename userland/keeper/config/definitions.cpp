// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/definitions.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <random>

#include <unistd.h>

#include "base/number.h"

namespace weir::keeper {
namespace {

bool starts_name(char c)
{
    return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
}

bool in_name(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

std::size_t name_length(std::string_view text)
{
    std::size_t length = 0;
    if (!text.empty() && starts_name(text[0])) {
        while (length < text.size() && in_name(text[length]))
            length++;
    }
    return length;
}

std::vector<std::string> words(std::string_view text)
{
    std::vector<std::string> result;
    for (std::size_t from = 0; (from = text.find_first_not_of(" \t", from)) != std::string_view::npos;) {
        std::size_t end = std::min(text.find_first_of(" \t", from), text.size());
        result.emplace_back(text.substr(from, end - from));
        from = end;
    }
    return result;
}

} // namespace

ConfigHost ConfigHost::local()
{
    ConfigHost host;
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) == 0)
        host.config_id = std::string(name.data()).substr(0, std::string_view(name.data()).find('.'));
    host.environment = [](const char* variable) -> const char* { return std::getenv(variable); };
    host.random = [](std::uint32_t min, std::uint32_t max) {
        static std::mt19937 source{std::random_device{}()};
        return std::uniform_int_distribution<std::uint32_t>(min, max)(source);
    };
    return host;
}

Definitions::Value* Definitions::define(const Text& line)
{
    std::string_view text = line.view();
    if (text.empty() || text[0] != '$')
        return nullptr;
    std::size_t length = name_length(text.substr(1));
    if (length == 0)
        return nullptr;
    std::size_t equals = length + 1;
    if (equals >= text.size() || text[equals] != '=')
        return nullptr;

    Text value = line.part(equals + 1);
    value.trim();
    Value& definition = values_[std::string(text.substr(1, length))];
    definition = {};
    if (!value.empty() && value.view().back() == '\\') {
        definition.multiline = true;
        value.erase(value.size() - 1);
        value.trim();
        if (!value.empty())
            definition.lines.push_back(std::move(value));
    } else {
        definition.lines.push_back(std::move(value));
    }
    return &definition;
}

void Definitions::set(const std::string& name, Text value)
{
    values_[name] = {{std::move(value)}, false};
}

std::optional<Definitions::Use> Definitions::parse_use(std::string_view text)
{
    Use use;
    bool braces = text.starts_with("{");
    std::size_t length = name_length(text.substr(braces));
    if (length == 0)
        return std::nullopt;
    use.name = text.substr(braces, length);
    std::size_t end = braces + length;
    if (braces) {
        std::size_t close = text.find('}', end);
        if (close == std::string_view::npos)
            return std::nullopt;
        if (close > end && text[end] != ' ' && text[end] != '\t')
            return std::nullopt;
        use.arguments = words(text.substr(end, close - end));
        end = close + 1;
    } else if (end < text.size() && std::string_view(" \t,)").find(text[end]) == std::string_view::npos) {
        return std::nullopt;
    } else if (use.name == "_ENV" || use.name == "_RANDOM") {
        // without braces the words that follow are arguments as far as they can be
        std::size_t most = use.name == "_ENV" ? 1 : 2;
        for (std::size_t from; use.arguments.size() < most; end = from) {
            from = std::min(text.find_first_not_of(" \t", end), text.size());
            std::size_t stop = from;
            while (
                stop < text.size() &&
                (most == 1 ? in_name(text[stop]) : std::isdigit(static_cast<unsigned char>(text[stop])) != 0))
                stop++;
            if (stop == from ||
                (stop < text.size() && std::string_view(" \t,)").find(text[stop]) == std::string_view::npos))
                break;
            use.arguments.emplace_back(text.substr(from, stop - from));
            from = stop;
        }
    }
    use.length = end + 1;
    use.ends_line = end == text.size();
    return use;
}

std::optional<std::string> Definitions::builtin(const Use& use, const std::string& directory) const
{
    if (use.name == "_PWD")
        return directory;
    if (use.name == "_INSTANCE")
        return host_.instance;
    if (use.name == "_HASH")
        return "#";
    if (use.name == "_BANG")
        return "!";
    if (use.name == "_ENV" && use.arguments.size() == 1) {
        const char* value = host_.environment ? host_.environment(use.arguments[0].c_str()) : nullptr;
        return value ? value : "";
    }
    if (use.name == "_RANDOM" && host_.random) {
        std::uint64_t min = 0, max = RAND_MAX;
        if (!use.arguments.empty())
            min = parse_number(use.arguments[0], 0, UINT32_MAX).value_or(0);
        if (use.arguments.size() > 1)
            max = parse_number(use.arguments[1], 0, UINT32_MAX).value_or(min);
        return std::to_string(
            host_.random(static_cast<std::uint32_t>(min), static_cast<std::uint32_t>(std::max(min, max))));
    }
    return std::nullopt;
}

std::optional<Definitions::Value> Definitions::value_of(const Use& use, const std::string& directory) const
{
    auto known = values_.find(use.name);
    if (known != values_.end()) {
        if (!use.arguments.empty() || (known->second.multiline && !use.ends_line))
            return std::nullopt;
        return known->second;
    }
    if (auto text = builtin(use, directory))
        return Value{{Text(*text, 0, 0)}, false};
    return std::nullopt;
}

bool Definitions::expand(Text& line, std::vector<Text>& following, const std::string& directory) const
{
    bool changed = false;
    std::size_t from = 0;
    while ((from = line.view().find('$', from)) != std::string_view::npos) {
        auto use = parse_use(line.view().substr(from + 1));
        auto value = use ? value_of(*use, directory) : std::nullopt;
        if (!value) {
            from++;
            continue;
        }
        changed = true;
        std::string first = value->lines.empty() ? "" : value->lines[0].str();
        line.replace(from, use->length, first);
        if (value->lines.size() > 1)
            following.assign(value->lines.begin() + 1, value->lines.end());
        // values are expanded when the line is looked at again, so that a value may name a later definition
        from += first.size();
        // a sequence inside a value gives its variables their values: they have none yet
        if (first.starts_with('~'))
            break;
    }
    return changed;
}

} // namespace weir::keeper
