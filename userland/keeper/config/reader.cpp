// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "keeper/config/sequence.h"

namespace weir::keeper {
namespace {

constexpr std::size_t max_sources = 256; // files that include each other end here
constexpr unsigned max_expansions = 64;  // definitions that name each other end here

std::string directory_of(const std::string& path)
{
    std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, std::max<std::size_t>(slash, 1));
}

/// The letter of include, includer, ...; 0 where the line is none.
char include_kind(std::string_view line)
{
    if (!line.starts_with("include") || line.size() < 8)
        return 0;
    auto blank = [](char c) { return c == ' ' || c == '\t'; };
    if (blank(line[7]))
        return ' ';
    if (line.size() > 8 && blank(line[8]) &&
        std::string_view("rmwba").find(line[7]) != std::string_view::npos)
        return line[7];
    return 0;
}

} // namespace

struct ConfigReader::Source {
    virtual ~Source() = default;
    [[nodiscard]] virtual std::optional<Text> next(ConfigReader& reader) = 0;
    /// Of the file, where this is one.
    [[nodiscard]] virtual const std::string* directory() const { return nullptr; }
};

struct ConfigReader::File final : Source {
    std::string text, directory_name;
    std::size_t position = 0;
    std::uint32_t id = 0, number = 0;

    std::optional<Text> next(ConfigReader& reader) override
    {
        if (position >= text.size())
            return std::nullopt;
        std::size_t end = std::min(text.find('\n', position), text.size());
        std::string_view line = std::string_view(text).substr(position, end - position);
        position = end + 1;
        number++;
        while (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.size() > max_line) {
            reader.diagnostics_.error({id, number, 0},
                                      fmt::format("the line has more than {} bytes", max_line));
            return Text("", id, number);
        }
        if (line.find('\0') != std::string_view::npos) {
            reader.diagnostics_.error({id, number, 0}, "the line holds a zero byte");
            return Text("", id, number);
        }
        Text result(line, id, number);
        reader.uncomment(result);
        return result;
    }
    const std::string* directory() const override { return &directory_name; }
};

struct ConfigReader::Rest final : Source {
    std::optional<Text> text;
    std::optional<Text> next(ConfigReader&) override { return std::exchange(text, std::nullopt); }
};

struct ConfigReader::Lines final : Source {
    std::vector<Text> lines;
    std::size_t position = 0;
    std::optional<Text> next(ConfigReader&) override
    {
        return position < lines.size() ? std::optional(lines[position++]) : std::nullopt;
    }
};

struct ConfigReader::Rounds final : Source {
    Sequence sequence;
    std::size_t position = 0;
    std::optional<Text> next(ConfigReader& reader) override
    {
        if (position == sequence.rounds.size())
            return std::nullopt;
        for (std::size_t i = 0; i < sequence.variables.size(); i++)
            reader.definitions_.set(sequence.variables[i], Text(sequence.rounds[position][i], 0, 0));
        position++;
        return sequence.text;
    }
};

ConfigReader::ConfigReader(const ConfigFiles& files, const ConfigHost& host, Diagnostics& diagnostics)
    : files_(files),
      host_(host),
      diagnostics_(diagnostics),
      definitions_(host)
{
}

ConfigReader::~ConfigReader() = default;

void ConfigReader::open(const std::string& path)
{
    push_files(path, true, {diagnostics_.add_file(path), 0, 0});
}

std::string ConfigReader::directory() const
{
    for (auto source = sources_.rbegin(); source != sources_.rend(); ++source) {
        if (const std::string* name = (*source)->directory())
            return *name;
    }
    return "";
}

void ConfigReader::push_files(const std::string& pattern, bool must_match, Position at)
{
    std::string base = directory();
    std::string full = pattern.starts_with('/') || base.empty() ? pattern : base + "/" + pattern;
    auto names = files_.glob(full);
    if (names.empty()) {
        if (must_match) {
            diagnostics_.file_missing = true;
            diagnostics_.error(at, fmt::format("no file matches '{}'", full));
        } else {
            diagnostics_.note(at, fmt::format("no file matches '{}'", full));
        }
        return;
    }
    // the newest source is read first
    std::ranges::reverse(names);
    for (const auto& name : names) {
        auto text = files_.read(name);
        if (!text) {
            diagnostics_.file_missing = true;
            diagnostics_.error(at, text.error().message);
            continue;
        }
        if (sources_.size() >= max_sources) {
            diagnostics_.error(at, fmt::format("'{}': includes are nested too deep", name));
            return;
        }
        auto file = std::make_unique<File>();
        file->text = std::move(*text);
        file->id = diagnostics_.add_file(name);
        file->directory_name = directory_of(name);
        sources_.push_back(std::move(file));
    }
}

void ConfigReader::uncomment(Text& line)
{
    line.trim();
    bool quoted = false, continued = false;
    std::size_t quote = 0;
    for (std::size_t i = 0; i < line.size(); i++) {
        char c = line[i];
        if (c == '"') {
            quoted = !quoted;
            quote = i;
        } else if (c == '\\') {
            if (i + 1 == line.size()) {
                continued = true;
                break;
            }
            if (!quoted && (line[i + 1] == '#' || line[i + 1] == '!'))
                line.erase(i, 1);
            else
                i++;
        } else if (!quoted && (c == '#' || c == '!')) {
            line.erase(i);
            break;
        }
    }
    if (quoted)
        diagnostics_.error(line.at(quote), "the double quote is not closed in its line");
    // blanks before the backslash of a continued line go, the backslash stays
    if (continued)
        line.erase(line.size() - 1);
    line.trim();
    if (continued)
        line.replace(line.size(), 0, "\\");
}

std::optional<Text> ConfigReader::next_raw()
{
    while (!sources_.empty()) {
        if (auto line = sources_.back()->next(*this))
            return line;
        sources_.pop_back();
    }
    return std::nullopt;
}

bool ConfigReader::add_to_definition(Text& line)
{
    if (!open_definition_)
        return false;
    Definitions::Value& value = *open_definition_;
    bool more = !line.empty() && line.view().back() == '\\';
    if (more) {
        line.erase(line.size() - 1);
        line.trim();
    } else {
        open_definition_ = nullptr;
    }
    if (!line.empty())
        value.lines.push_back(std::move(line));
    return true;
}

bool ConfigReader::condition_holds(Text& line) const
{
    bool negated = line.size() > 1 && line[1] == '^';
    std::size_t from = negated ? 2 : 1;
    std::size_t end = line.view().find_first_of(" \t");
    if (end == std::string_view::npos)
        return false;
    bool equal = !host_.config_id.empty() && line.view().substr(from, end - from) == host_.config_id;
    line.erase(0, end);
    line.trim();
    return equal != negated;
}

void ConfigReader::start_sequence(Text line)
{
    Position at = line.at();
    // the numbers may be definitions; the text is expanded in each round
    std::size_t close = line.view().find(')');
    if (close != std::string_view::npos) {
        Text head = line.part(0, close + 1);
        std::vector<Text> following;
        if (definitions_.expand(head, following, directory())) {
            if (!following.empty())
                diagnostics_.error(at, "a definition of several lines cannot be part of a sequence's head");
            line.replace(0, close + 1, head.view());
        }
    }
    auto sequence = parse_sequence(line);
    if (!sequence) {
        diagnostics_.error(at, sequence.error().message);
    } else if (sources_.size() >= max_sources) {
        diagnostics_.error(at, "sequences are nested too deep");
    } else {
        auto rounds = std::make_unique<Rounds>();
        rounds->sequence = std::move(*sequence);
        sources_.push_back(std::move(rounds));
    }
}

bool ConfigReader::include(const Text& line)
{
    char kind = include_kind(line.view());
    if (!kind)
        return false;
    Text name = line.part(kind == ' ' ? 8 : 9);
    name.trim();
    // r: readable; b: every brace alternative; m: a match unless wildcards; w: a match with wildcards; a: all
    bool wild = name.view().find_first_of("*?[") != std::string_view::npos;
    bool must = kind == 'a' || kind == 'w' || (kind == 'm' && !wild) || kind == 'r' || kind == 'b';
    if (wild && (kind == 'r' || kind == 'b'))
        must = false;
    push_files(name.str(), must, name.at());
    return true;
}

std::optional<Text> ConfigReader::resolve(Text line)
{
    for (unsigned round = 0;; round++) {
        if (round == max_expansions || line.size() > max_line) {
            diagnostics_.error(line.at(),
                               "the definitions used here expand without end or beyond a line's size");
            return std::nullopt;
        }
        if (line.view().starts_with('@') && !condition_holds(line))
            return std::nullopt;
        if (line.empty())
            return std::nullopt;
        if (line[0] == '@')
            continue;
        if (auto* definition = definitions_.define(line)) {
            open_definition_ = definition->multiline ? definition : nullptr;
            return std::nullopt;
        }
        if (is_sequence(line.view())) {
            start_sequence(std::move(line));
            return std::nullopt;
        }
        std::vector<Text> following;
        if (line[0] == '~' || !definitions_.expand(line, following, directory()))
            break;
        uncomment(line);
        if (!following.empty() && sources_.size() < max_sources) {
            auto lines = std::make_unique<Lines>();
            lines->lines = std::move(following);
            sources_.push_back(std::move(lines));
        } else if (!following.empty()) {
            diagnostics_.error(line.at(), "definitions are nested too deep");
            return std::nullopt;
        }
    }
    if (include(line))
        return std::nullopt;
    return line;
}

Text ConfigReader::cut_at_brace(Text line)
{
    std::string_view text = line.view();
    std::size_t brace = 0;
    for (bool quoted = false; brace < text.size(); brace++) {
        if (text[brace] == '"')
            quoted = !quoted;
        else if (!quoted && (text[brace] == '{' || text[brace] == '}'))
            break;
    }
    if (brace == text.size())
        return line;
    std::size_t cut = brace == 0 ? 1 : brace;
    auto rest = std::make_unique<Rest>();
    rest->text = line.part(cut);
    rest->text->trim();
    if (!rest->text->empty())
        sources_.push_back(std::move(rest));
    line.erase(cut);
    line.trim();
    return line;
}

std::optional<Text> ConfigReader::next()
{
    while (auto raw = next_raw()) {
        if (++lines_ > host_.max_lines) {
            diagnostics_.error(
                raw->at(), fmt::format("more than {} lines after sequences are unrolled", host_.max_lines));
            sources_.clear();
            break;
        }
        if (add_to_definition(*raw) || raw->empty())
            continue;
        auto line = resolve(std::move(*raw));
        if (line && !line->empty())
            return cut_at_brace(std::move(*line));
    }
    return std::nullopt;
}

} // namespace weir::keeper
