// SPDX-License-Identifier: GPL-2.0
// ipvsadm's command line: words are parted by zero bytes or newlines. What is taken and adds a service or
// server comes out of -S again and is read back as the same. Names are not looked up: letters in addresses
// would ask the resolver.
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "weiradm/ipvs_command.h"
#include "weiradm/ipvs_format.h"
#include "weiradm/ipvs_restore.h"

using namespace weir::ipvs;

namespace {

/// Whether a word could be a host's name: it starts with a letter past what addresses are made of.
bool may_be_name(const std::string& word)
{
    for (unsigned char c : word)
        if (std::isalpha(c) && !std::isxdigit(c))
            return word[0] != '-' || word.find('.') != std::string::npos || word.size() < 3 || word[1] != '-';
    return false;
}

std::vector<std::string> split(const std::uint8_t* data, std::size_t size)
{
    std::vector<std::string> words{"ipvsadm"};
    std::string word;
    for (std::size_t i = 0; i < size; i++) {
        if (data[i] && data[i] != '\n') {
            word += static_cast<char>(data[i]);
        } else {
            words.push_back(std::move(word));
            word.clear();
        }
    }
    words.push_back(std::move(word));
    return words;
}

/// Words that follow options which look names up.
bool looks_up_names(const std::vector<std::string>& words)
{
    for (const std::string& word : words)
        if (may_be_name(word))
            return true;
    return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size > 512)
        return 0;
    std::vector<std::string> words = split(data, size);
    if (looks_up_names({words.begin() + 1, words.end()}))
        return 0;
    auto command = parse_command(words);
    if (!command) {
        if (command.error().status != exit_usage && command.error().status != exit_refused)
            std::abort();
        return 0;
    }
    if (command->verb != Verb::add_service || !command->persistence_engine.empty())
        return 0;
    std::string saved = save_text(command->service, no_names(), false, true);
    // a scheduler's name may hold what parts words
    for (unsigned char c : command->service.config.scheduler + command->service.owner)
        if (!std::isalnum(c))
            return 0;
    auto again = parse_lines(split_lines(saved, "ipvsadm"));
    if (command->service.key.protocol == IPPROTO_SCTP)
        return 0;
    if (!again || again->size() != 1 || again->front().command.service.key != command->service.key ||
        !(again->front().command.service.config == command->service.config))
        std::abort();
    return 0;
}
