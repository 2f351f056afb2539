// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

namespace weir::keeper {

/// Calls `ready` when there is something to read, until that returns false or the descriptor is closed.
inline void on_readable(boost::asio::posix::stream_descriptor& descriptor, std::function<bool()> ready)
{
    descriptor.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [&descriptor, ready = std::move(ready)](const auto& error) mutable {
                              if (!error && ready())
                                  on_readable(descriptor, std::move(ready));
                          });
}

} // namespace weir::keeper
