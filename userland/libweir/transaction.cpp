// SPDX-License-Identifier: GPL-2.0
#include "libweir/transaction.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

namespace weir {
namespace {

// A server takes some 60 bytes; a message has to stay far below the socket's send buffer.
constexpr std::size_t servers_per_message = 512;
constexpr std::size_t service_room = 512;
constexpr std::size_t server_room = 96;

/// "server[3].weight" -> 3
std::optional<std::size_t> server_position(std::string_view field)
{
    constexpr std::string_view start = "server[";
    std::size_t position = 0;
    if (!field.starts_with(start))
        return std::nullopt;
    auto [end, error] = std::from_chars(field.data() + start.size(), field.data() + field.size(), position);
    return error == std::errc() ? std::optional<std::size_t>(position) : std::nullopt;
}

} // namespace

Transaction::Transaction(std::string owner, weir_transaction_mode mode,
                         std::optional<std::uint32_t> generation)
    : owner_(std::move(owner)),
      mode_(mode),
      generation_(generation)
{
}

void Transaction::add_pool(const Pool& pool, long index)
{
    Pool unowned = pool; // the owner is the transaction's
    unowned.owner.clear();
    NlMsg message(WEIR_CMD_POOL_NEW);
    put_pool(message, unowned);
    messages_.push_back(std::move(message));
    objects_.push_back({{}, {}, index, pool.name});
}

void Transaction::add_service(const Service& service, long index)
{
    std::span<const Server> servers = service.servers;
    std::span<const Server> first = servers.first(std::min(servers.size(), servers_per_message));
    NlMsg message(WEIR_CMD_SERVICE_NEW, 0, service_room + first.size() * server_room);
    put_service(message, service, SERVICE_ALL);
    Object object{service.key, {}, index};
    for (const Server& server : first) {
        put_server(message, server, SERVER_ALL);
        object.servers.push_back(server.endpoint);
    }
    messages_.push_back(std::move(message));
    objects_.push_back(std::move(object));
    for (const Server& server : servers.subspan(first.size()))
        add_server(service.key, server, index);
}

void Transaction::add_server(const ServiceKey& service, const Server& server, long index)
{
    NlMsg message(WEIR_CMD_SERVER_NEW, 0, server_room * 2);
    put_service_key(message, service);
    put_server(message, server, SERVER_ALL);
    messages_.push_back(std::move(message));
    objects_.push_back({service, {server.endpoint}, index});
}

Error Transaction::named(Error error) const
{
    if (error.index < 0 || static_cast<std::size_t>(error.index) >= objects_.size())
        return error;
    const Object& object = objects_[static_cast<std::size_t>(error.index)];
    std::string name = object.pool.empty() ? object.service.to_string() : "pool " + object.pool;
    // one server alone has no number in the field's name
    auto position = server_position(error.field);
    if (!position && error.field.starts_with("server") && object.servers.size() == 1)
        position = 0;
    if (position && *position < object.servers.size())
        name += ", server " + object.servers[*position].to_string();
    error.field = error.field.empty() ? name : fmt::format("{}: {}", name, error.field);
    error.index = object.index;
    return error;
}

Result<Transaction::Outcome> Transaction::commit(NlSocket& socket)
{
    NlMsg begin(WEIR_CMD_CONFIG_BEGIN);
    begin.put_string(WEIR_A_OWNER, owner_);
    begin.put_u32(WEIR_A_TRANSACTION_MODE, mode_);
    if (generation_)
        begin.put_u32(WEIR_A_GENERATION, *generation_);
    if (auto begun = socket.request(begin); !begun)
        return pass_on(begun);

    Outcome outcome;
    Result<void> done = socket.send_batch(messages_);
    if (done) {
        NlMsg commit(WEIR_CMD_CONFIG_COMMIT);
        commit.put_u32(WEIR_A_STAGED, static_cast<std::uint32_t>(messages_.size()));
        done = socket.request(commit, [&](const Answer& answer) {
            outcome.generation = answer.attrs.u32(WEIR_A_GENERATION).value_or(0);
            outcome.changed = answer.attrs.u32(WEIR_A_CHANGED).value_or(0);
        });
        if (done)
            return outcome;
    }
    Error error = named(std::move(done.error()));
    NlMsg abort(WEIR_CMD_CONFIG_ABORT);
    (void)socket.request(abort); // a commit that failed may have ended it already
    return Failure(std::move(error));
}

} // namespace weir
