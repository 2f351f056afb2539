// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "keeper/checker/namespace_thread.h"
#include "keeper/service/plan.h"
#include "keeper/service/refusals.h"
#include "libweir/event.h"

namespace weir::keeper {

/// The kernel's table of services, of which the keeper's part is made what it has to be: always in one
/// transaction, and again when anybody else has changed it. No service or server of another owner is touched.
/// A service that the kernel refuses is left out, so that the others come in.
class KernelTable {
  public:
    /// In the network namespace of `there`, if there is one.
    explicit KernelTable(NamespaceThread* there = nullptr) : there_(there) {}

    using Plan = std::function<std::vector<Service>(const OperatorMarks& marks)>;

    /// All there is, of every owner; operators' marks are noted. Opens what has to be open; ENOENT: the
    /// module is not loaded. What is returned is there until the next call.
    [[nodiscard]] Result<const std::vector<Service>*> read();

    struct Outcome {
        /// Objects that were changed; and, if somebody else had changed them, which one for example.
        std::size_t changed = 0;
        std::string drift;
        /// Services of other owners that stand where one of ours should, newly found: they stay.
        std::vector<std::string> in_the_way;
        Refusals::News refusals;
    };
    /// Makes the keeper's services what `plan` says.
    [[nodiscard]] Result<Outcome> put(const Plan& plan);
    [[nodiscard]] Result<void> set_timeouts(const Timeouts& timeouts);
    /// Of everybody, or the keeper's own.
    [[nodiscard]] Result<void> flush(bool everybody);

    [[nodiscard]] bool is_open() const { return socket_.has_value(); }
    /// The module has gone or come: nothing of it is known, and the next call opens it anew.
    void reopen()
    {
        close();
        doubt();
    }
    /// For poll(); -1 while the module is not loaded.
    [[nodiscard]] int events_fd() const { return events_ ? events_->fd() : -1; }
    /// How often the sockets were opened: another number, another descriptor.
    [[nodiscard]] unsigned openings() const { return openings_; }
    /// True: somebody else changed something, or events were lost: put() is due.
    [[nodiscard]] bool read_events();
    /// What is remembered of the table counts no more, nor what the kernel refused.
    void doubt()
    {
        forget();
        refusals_.retry();
    }

    [[nodiscard]] const OperatorMarks& marks() const { return marks_; }
    /// Whether another owner has this service.
    [[nodiscard]] bool is_in_the_way(const ServiceKey& key) const { return foreign_.contains(key); }
    /// Why the kernel does not have this service of ours; null if it does.
    [[nodiscard]] const std::string* refusal(const ServiceKey& key) const { return refusals_.reason(key); }

  private:
    void forget()
    {
        read_.reset();
        unchanged_ = false;
    }
    void made(std::vector<Service> services)
    {
        ours_ = std::move(services);
        unchanged_ = true;
        read_.reset();
    }
    /// Of the table at least the keeper's services.
    [[nodiscard]] const std::vector<Service>& present() const { return read_ ? *read_ : *ours_; }
    [[nodiscard]] Result<void> open();
    void close();
    [[nodiscard]] Result<Outcome> try_put(const Plan& plan);
    void leave_out_foreign(std::vector<Service>& desired, Outcome& outcome);
    [[nodiscard]] Result<std::size_t> commit(const std::vector<Service>& planned);

    NamespaceThread* there_;
    std::optional<NlSocket> socket_;
    std::optional<EventSocket> events_;
    OperatorMarks marks_;
    /// The keeper's services as put() made them: what differs from it after reading is drift.
    std::optional<std::vector<Service>> ours_;
    bool unchanged_ = false; ///< nobody else has changed the table since
    /// The whole table, from reading it until put() has made it what it is to be.
    std::optional<std::vector<Service>> read_;
    std::map<ServiceKey, std::string> others_; ///< services of other owners, and whose
    std::set<ServiceKey> foreign_;             ///< those of them that are in the way
    Refusals refusals_;
    std::uint32_t generation_ = 0;
    unsigned openings_ = 0;
};

} // namespace weir::keeper
