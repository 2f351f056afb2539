// SPDX-License-Identifier: GPL-2.0
#include "keeper/checker/namespace_thread.h"

#include <csignal>

#include "keeper/daemon/process.h"

namespace weir::keeper {

Result<std::unique_ptr<NamespaceThread>> NamespaceThread::create(int fd)
{
    std::unique_ptr<NamespaceThread> thread(new NamespaceThread());
    auto ready = made_in(thread.get(), [fd] {
        auto entered = enter_net_namespace(fd);
        return entered ? keep_network_capabilities() : entered; // of this thread
    });
    if (!ready)
        return pass_on(ready);
    return thread;
}

void NamespaceThread::run(const std::function<void()>& work)
{
    std::unique_lock lock(mutex_);
    work_ = &work;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !work_; });
}

void NamespaceThread::serve(const std::stop_token& end)
{
    // signals are for the others: no system call here is to end early
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, end, [this] { return work_ != nullptr; })) {
        (*work_)();
        work_ = nullptr;
        changed_.notify_all();
    }
}

} // namespace weir::keeper
