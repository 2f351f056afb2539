// SPDX-License-Identifier: GPL-2.0
// document_text: which of its formats a document is written in
#include <nlohmann/json.hpp>

#include "weiradm/document.h"
#include "weiradm/ipvs_restore.h"
#include "weiradm/yaml.h"

namespace weir {
namespace {

// deeper than any document, shallower than a stack
constexpr int depth_max = 32;

/// The first character that counts, past blank lines and comments.
std::string_view first_line(std::string_view text)
{
    while (!text.empty()) {
        auto start = text.find_first_not_of(" \t\r\n");
        if (start == std::string_view::npos)
            return {};
        text.remove_prefix(start);
        auto end = text.find('\n');
        if (text[0] != '#')
            return text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end);
    }
    return {};
}

bool is_commands(std::string_view line)
{
    return line.starts_with("-A ") || line.starts_with("--add-service") || line.starts_with("ipvsadm ") ||
           line.starts_with("weiradm ");
}

Result<Json> json_from_text(const std::string& text)
{
    bool too_deep = false;
    auto watch = [&](int depth, Json::parse_event_t, Json&) {
        too_deep = too_deep || depth > depth_max;
        return !too_deep;
    };
    Json json;
    try {
        json = Json::parse(text, watch);
    } catch (const Json::parse_error&
                 error) { // holds the place, which the parser without exceptions does not give
        return fail(EINVAL, error.what(), "JSON");
    }
    if (too_deep)
        return fail(E2BIG, "the document nests too deep", "JSON");
    return json;
}

} // namespace

Result<Document> document_from_commands(const std::string& text)
{
    auto commands = ipvs::parse_lines(ipvs::split_lines(text, "weiradm"));
    if (!commands) {
        std::string message = commands.error().to_string(true);
        while (message.ends_with('\n'))
            message.pop_back();
        return fail(EINVAL, message);
    }
    for (const auto& line : *commands)
        if (line.command.verb != ipvs::Verb::add_service && line.command.verb != ipvs::Verb::add_server)
            return fail(EINVAL, "only -A and -a have a place in a document",
                        "line " + std::to_string(line.line));
    auto plan = ipvs::plan_restore(*commands, {});
    if (!plan) {
        plan.error().field = "line " + std::to_string(plan.error().index);
        return pass_on(plan);
    }
    Document document;
    for (auto& entry : plan->services)
        document.services.push_back(std::move(entry.service));
    return document;
}

Result<Document> parse_document(const std::string& text)
{
    std::string_view first = first_line(text);
    if (is_commands(first))
        return document_from_commands(text);
    auto json = first.starts_with('{') ? json_from_text(text) : json_from_yaml(text);
    if (!json)
        return pass_on(json);
    return document_from_json(*json);
}

} // namespace weir
