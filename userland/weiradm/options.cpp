// SPDX-License-Identifier: GPL-2.0
#include "weiradm/options.h"

#include <functional>

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include "base/number.h"

namespace weir {

namespace po = boost::program_options;

namespace {

constexpr const char* rest = "words";

std::string long_name(const std::string& name)
{
    return name.substr(0, name.find(','));
}

} // namespace

struct Options::Implementation {
    po::options_description description;
    std::vector<std::function<Result<void>(const po::variables_map&)>> takers;
    std::string what = "argument";
    std::size_t min = 0;
    std::size_t max = 0;
    std::vector<std::string>* words = nullptr;

    Result<void> take_words(const po::variables_map& given) const
    {
        std::vector<std::string> list;
        if (given.count(rest))
            list = given[rest].as<std::vector<std::string>>();
        if (list.size() < min)
            return fail(EINVAL, fmt::format("{} is missing", what));
        if (list.size() > max)
            return fail(EINVAL, fmt::format("unexpected argument '{}'", list[max]));
        if (words)
            *words = std::move(list);
        return {};
    }
};

Options::Options() : implementation_(std::make_unique<Implementation>())
{
    implementation_->description.add_options()(rest, po::value<std::vector<std::string>>());
}

Options::~Options() = default;

void Options::flag(const char* name, bool& given)
{
    implementation_->description.add_options()(name, po::bool_switch(&given));
}

void Options::value(const char* name, std::optional<std::string>& value)
{
    implementation_->description.add_options()(name, po::value<std::string>());
    implementation_->takers.push_back(
        [key = long_name(name), &value](const po::variables_map& given) -> Result<void> {
            if (given.count(key))
                value = given[key].as<std::string>();
            return {};
        });
}

void Options::values(const char* name, std::vector<std::string>& values)
{
    implementation_->description.add_options()(name, po::value<std::vector<std::string>>()->composing());
    implementation_->takers.push_back(
        [key = long_name(name), &values](const po::variables_map& given) -> Result<void> {
            if (given.count(key))
                values = given[key].as<std::vector<std::string>>();
            return {};
        });
}

void Options::number(const char* name, std::uint32_t min, std::uint32_t max,
                     std::optional<std::uint32_t>& value)
{
    implementation_->description.add_options()(name, po::value<std::string>());
    implementation_->takers.push_back(
        [=, key = long_name(name), &value](const po::variables_map& given) -> Result<void> {
            if (!given.count(key))
                return {};
            auto number = parse_number(given[key].as<std::string>(), min, max);
            if (!number)
                return fail(number.error().code, number.error().message, "--" + key);
            value = static_cast<std::uint32_t>(*number);
            return {};
        });
}

void Options::words(const char* what, std::size_t min, std::size_t max, std::vector<std::string>& words)
{
    implementation_->what = what;
    implementation_->min = min;
    implementation_->max = max;
    implementation_->words = &words;
}

Result<void> Options::parse(const Arguments& arguments)
{
    po::variables_map given;
    try {
        po::positional_options_description positional;
        positional.add(rest, -1);
        po::store(po::command_line_parser(arguments)
                      .options(implementation_->description)
                      .positional(positional)
                      .run(),
                  given);
        po::notify(given);
    } catch (const po::error& error) { // its only way to say it
        return fail(EINVAL, error.what());
    }
    for (const auto& take : implementation_->takers)
        if (auto taken = take(given); !taken)
            return taken;
    return implementation_->take_words(given);
}

} // namespace weir
