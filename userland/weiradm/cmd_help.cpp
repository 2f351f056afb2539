// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "weiradm/command.h"
#include "weiradm/output.h"

namespace weir {
namespace {

int run(const Arguments& arguments)
{
    if (!arguments.empty()) {
        const CommandEntry* command = find_command(arguments[0]);
        if (!command) {
            complain(fmt::format("there is no command '{}'", arguments[0]));
            return exit_usage;
        }
        print(command->help);
        return exit_ok;
    }
    print("weiradm looks at and changes the load balancer weir of this network namespace.\n\n");
    for (const CommandEntry* command : commands())
        print(fmt::format("  {:<10} {}\n", command->name, command->summary));
    print("\n'weiradm help COMMAND' says more. The options of ipvsadm work as they do there: 'weiradm -h'.\n"
          "A SERVICE is tcp:192.0.2.1:80, udp:[2001:db8::1]:53, tcp:192.0.2.1:80-443, fwmark:5 or "
          "fwmark:5/ipv6;\n"
          "without a protocol it is TCP. A SERVER is 10.0.0.1:80; without a port it has the service's.\n");
    return exit_ok;
}

} // namespace

const CommandEntry cmd_help = {
    .name = "help",
    .summary = "this list, or the help of one command",
    .help = "Usage: weiradm help [COMMAND]\n\nExample:\n  weiradm help apply\n",
    .run = run,
};

} // namespace weir
