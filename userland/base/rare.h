// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <memory>

namespace weir {

/// A value that few owners have: the space of a pointer as long as nobody has edited it, T's default to
/// readers. Copied and compared as the value that it is.
template <typename T>
class Rare {
  public:
    Rare() = default;
    Rare(Rare&&) noexcept = default;
    Rare& operator=(Rare&&) noexcept = default;
    Rare(const Rare& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    Rare& operator=(const Rare& other)
    {
        value_ = other.value_ ? std::make_unique<T>(*other.value_) : nullptr;
        return *this;
    }
    ~Rare() = default;

    [[nodiscard]] const T& operator*() const
    {
        static const T none{};
        return value_ ? *value_ : none;
    }
    [[nodiscard]] const T* operator->() const { return &**this; }
    [[nodiscard]] T& edit()
    {
        if (!value_)
            value_ = std::make_unique<T>();
        return *value_;
    }

    bool operator==(const Rare& other) const { return **this == *other; }

  private:
    std::unique_ptr<T> value_;
};

} // namespace weir
