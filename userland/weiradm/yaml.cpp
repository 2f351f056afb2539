// SPDX-License-Identifier: GPL-2.0
#include "weiradm/yaml.h"

#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

namespace weir {
namespace {

constexpr int depth_max = 16;
// aliases multiply: this many values, however they are written
constexpr std::size_t values_max = 4'000'000;

/// Plain scalars mean what YAML 1.2's core schema says, as far as documents use it.
Json scalar(const YAML::Node& node)
{
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") // quoted
        return text;
    if (text.empty() || text == "~" || text == "null")
        return nullptr;
    if (text == "true" || text == "false")
        return text == "true";
    std::int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool leading_zero = text.size() > 1 && text[0] == '0';
    if (error == std::errc() && end == text.data() + text.size() && !leading_zero)
        return number;
    return text;
}

class Converter {
  public:
    Result<Json> convert(const YAML::Node& node, int depth)
    {
        if (depth > depth_max)
            return fail(E2BIG, "the document nests too deep", place(node));
        if (++values_ > values_max)
            return fail(E2BIG, "the document is too large", place(node));
        if (node.IsMap())
            return map(node, depth);
        if (node.IsSequence())
            return sequence(node, depth);
        return node.IsScalar() ? scalar(node) : Json();
    }

  private:
    static std::string place(const YAML::Node& node)
    {
        return fmt::format("line {}, column {}", node.Mark().line + 1, node.Mark().column + 1);
    }

    Result<Json> map(const YAML::Node& node, int depth)
    {
        Json json = Json::object();
        for (const auto& member : node) {
            if (!member.first.IsScalar())
                return fail(EINVAL, "a name is expected", place(member.first));
            const std::string& name = member.first.Scalar();
            if (json.contains(name))
                return fail(EINVAL, fmt::format("'{}' is there twice", name), place(member.first));
            auto value = convert(member.second, depth + 1);
            if (!value)
                return value;
            json[name] = std::move(*value);
        }
        return json;
    }

    Result<Json> sequence(const YAML::Node& node, int depth)
    {
        Json json = Json::array();
        for (const auto& item : node) {
            auto value = convert(item, depth + 1);
            if (!value)
                return value;
            json.push_back(std::move(*value));
        }
        return json;
    }

    std::size_t values_ = 0;
};

/// Whether a plain scalar of this text is read back as this string.
bool is_plain(const std::string& text)
{
    constexpr std::string_view safe_start = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/";
    constexpr std::string_view safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/.:_-[]";
    static constexpr std::string_view words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
    if (text.empty() || safe_start.find(text[0]) == std::string_view::npos || text.back() == ':' ||
        text.find_first_not_of(safe) != std::string::npos)
        return false;
    std::string lower;
    for (char c : text)
        lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return std::find(std::begin(words), std::end(words), lower) == std::end(words);
}

std::string scalar_text(const Json& json)
{
    if (json.is_string() && is_plain(json.get_ref<const std::string&>()))
        return json.get<std::string>();
    return to_line(json); // JSON's scalars are YAML's
}

bool is_scalar(const Json& json)
{
    return !json.is_structured() || json.empty();
}

std::string flow(const Json& list)
{
    std::string text;
    for (const Json& item : list) {
        // a bracket or a colon means something within a flow sequence
        bool plain = item.is_string() && is_plain(item.get<std::string>()) &&
                     item.get<std::string>().find_first_of("[]:") == std::string::npos;
        text += (text.empty() ? "" : ", ") + (plain ? item.get<std::string>() : to_line(item));
    }
    return "[" + text + "]";
}

void block(const Json& json, std::size_t depth, std::string& text);

void member_text(const std::string& name, const Json& value, std::size_t depth, std::string& text)
{
    bool flat_list = value.is_array() && std::all_of(value.begin(), value.end(), is_scalar);
    if (is_scalar(value))
        text += fmt::format("{}: {}\n", name, scalar_text(value));
    else if (flat_list)
        text += fmt::format("{}: {}\n", name, flow(value));
    else {
        text += name + ":\n";
        block(value, depth + 2, text);
    }
}

void block(const Json& json, std::size_t depth, std::string& text)
{
    const std::string indent(depth, ' ');
    if (json.is_object()) {
        for (const auto& [name, value] : json.items()) {
            text += indent;
            member_text(name, value, depth, text);
        }
        return;
    }
    for (const Json& item : json) {
        if (is_scalar(item)) {
            text += fmt::format("{}- {}\n", indent, scalar_text(item));
            continue;
        }
        std::string inner;
        block(item, depth + 2, inner);
        inner[depth] = '-';
        text += inner;
    }
}

} // namespace

Result<Json> json_from_yaml(const std::string& text)
{
    try {
        return Converter().convert(YAML::Load(text), 0);
    } catch (const YAML::Exception& error) { // yaml-cpp's only way to say it
        return fail(EINVAL, error.msg,
                    fmt::format("line {}, column {}", error.mark.line + 1, error.mark.column + 1));
    }
}

std::string yaml_from_json(const Json& json)
{
    std::string text;
    if (is_scalar(json))
        return scalar_text(json) + "\n";
    block(json, 0, text);
    return text;
}

} // namespace weir
