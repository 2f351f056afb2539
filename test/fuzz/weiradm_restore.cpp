// SPDX-License-Identifier: GPL-2.0
// The input of -R: lines, the commands in them, and the plan that is made of those.
#include <cctype>
#include <cstdint>
#include <string_view>

#include "weiradm/ipvs_restore.h"

using namespace weir::ipvs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto lines = split_lines(text, "ipvsadm");
    for (Line& line : lines)
        for (std::string& word : line.words)
            for (char& c : word) // digits in place of letters that would make a host's name of an address
                if (word[0] != '-' && std::isalpha(static_cast<unsigned char>(c)) &&
                    !std::isxdigit(static_cast<unsigned char>(c)))
                    c = '1';
    auto commands = parse_lines(lines);
    if (commands && only_adds(*commands))
        (void)plan_restore(*commands, {});
    return 0;
}
