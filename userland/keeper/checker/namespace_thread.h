// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <type_traits>

#include "base/result.h"

namespace weir::keeper {

/// A thread that is in another network namespace than the process. A socket belongs to where it was made,
/// whoever uses it; so the process can open one there again, and need not be allowed to go there itself.
class NamespaceThread {
  public:
    /// `fd` is of the namespace. Needs CAP_SYS_ADMIN, which the thread then gives up.
    [[nodiscard]] static Result<std::unique_ptr<NamespaceThread>> create(int fd);
    /// Runs `work` there and waits for its end.
    void run(const std::function<void()>& work);

  private:
    NamespaceThread() : thread_([this](const std::stop_token& end) { serve(end); }) {}
    void serve(const std::stop_token& end);

    std::mutex mutex_;                    ///< of work_
    std::condition_variable_any changed_; ///< work_ is
    const std::function<void()>* work_ = nullptr;
    std::jthread thread_; ///< last: it uses all others
};

/// What `make` returns, called there; or here, where there is none.
template <typename Make>
std::invoke_result_t<Make> made_in(NamespaceThread* there, Make make)
{
    if (!there)
        return make();
    std::optional<std::invoke_result_t<Make>> made;
    there->run([&] { made.emplace(make()); });
    return std::move(*made);
}

} // namespace weir::keeper
