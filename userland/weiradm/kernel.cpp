// SPDX-License-Identifier: GPL-2.0
#include "weiradm/kernel.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weir {
namespace {

/// Whether modprobe says that it is there now.
bool load_module()
{
    pid_t child = ::fork();
    if (child < 0)
        return false;
    if (child == 0) {
        int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        ::dup2(null, STDOUT_FILENO);
        ::dup2(null, STDERR_FILENO); // why it failed is told by who asked
        ::execl("/sbin/modprobe", "modprobe", "-q", "--", "weir", static_cast<char*>(nullptr));
        ::_exit(127);
    }
    int status = 0;
    pid_t waited;
    do {
        waited = ::waitpid(child, &status, 0);
    } while (waited < 0 && errno == EINTR);
    return waited == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace

Result<NlSocket> open_kernel()
{
    auto socket = NlSocket::create();
    if (socket || socket.error().code != ENOENT)
        return socket;
    if (::geteuid() == 0 && load_module())
        socket = NlSocket::create();
    if (!socket && socket.error().code == ENOENT)
        return fail(ENOENT,
                    "the module weir is not loaded: load it with 'modprobe weir' or 'insmod .../weir.ko'");
    return socket;
}

} // namespace weir
