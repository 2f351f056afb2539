// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/fifo.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::keeper {

void FifoWriter::open(const std::optional<Fifo>& config, Log& log)
{
    fd_.reset();
    if (!config)
        return;
    if (::mkfifo(config->path.c_str(), 0600) < 0 && errno != EEXIST) {
        log.error("FIFO {}: {}", config->path, strerror(errno));
        return;
    }
    // read and write: it never blocks, and lines wait for a reader that comes later
    fd_.reset(::open(config->path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    struct stat status {};
    if (!fd_ || fstat(fd_.get(), &status) < 0 || !S_ISFIFO(status.st_mode)) {
        log.error("FIFO {}: {}", config->path, fd_ ? "something else has this name" : strerror(errno));
        fd_.reset();
        return;
    }
    const passwd* user = config->user.empty() ? nullptr : getpwnam(config->user.c_str());
    const group* owner_group = config->group.empty() ? nullptr : getgrnam(config->group.c_str());
    if (user || owner_group)
        (void)!fchown(fd_.get(), user ? user->pw_uid : uid_t(-1),
                      owner_group ? owner_group->gr_gid
                      : user      ? user->pw_gid
                                  : gid_t(-1));
}

void FifoWriter::write(const std::string& line, Log& log) const
{
    if (fd_ && ::write(fd_.get(), line.data(), line.size()) < 0)
        log.warning("a FIFO is full, this line is lost: {}",
                    std::string_view(line).substr(0, line.size() - 1));
}

} // namespace weir::keeper
