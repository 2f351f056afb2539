// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "keeper/vrrp/machine.h"

namespace weir::keeper {

/// When each of a fixed number of things is due: a binary heap that knows where each stands, so that moving a
/// deadline, which every advert does, neither allocates nor searches.
class Deadlines {
  public:
    explicit Deadlines(std::size_t count = 0) : due_(count, never), place_(count)
    {
        for (std::size_t i = 0; i < count; i++) {
            heap_.push_back(i);
            place_[i] = i;
        }
    }

    void set(std::size_t item, Instant due)
    {
        due_[item] = due;
        rise(place_[item]);
        sink(place_[item]);
    }
    /// never, if there is none
    [[nodiscard]] Instant first() const { return heap_.empty() ? never : due_[heap_[0]]; }
    [[nodiscard]] std::size_t first_item() const { return heap_[0]; }

  private:
    void swap(std::size_t a, std::size_t b)
    {
        std::swap(heap_[a], heap_[b]);
        place_[heap_[a]] = a;
        place_[heap_[b]] = b;
    }
    void rise(std::size_t at)
    {
        for (; at > 0 && due_[heap_[at]] < due_[heap_[(at - 1) / 2]]; at = (at - 1) / 2)
            swap(at, (at - 1) / 2);
    }
    void sink(std::size_t at)
    {
        for (;;) {
            std::size_t least = at;
            for (std::size_t child = 2 * at + 1; child <= 2 * at + 2 && child < heap_.size(); child++) {
                if (due_[heap_[child]] < due_[heap_[least]])
                    least = child;
            }
            if (least == at)
                return;
            swap(at, least);
            at = least;
        }
    }

    std::vector<Instant> due_;
    std::vector<std::size_t> heap_, place_;
};

} // namespace weir::keeper
