// SPDX-License-Identifier: GPL-2.0
#include "libweir/socket.h"

#include <algorithm>
#include <cstring>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/weir.h>

#include "libweir/extack.h"

namespace weir {
namespace {

constexpr int dump_attempts = 10;
constexpr std::size_t receive_room = std::size_t{256} * 1024;
// One sendmsg has to fit the send buffer, which libnl makes smaller than the system's default.
constexpr int send_buffer = 256 * 1024;
constexpr std::size_t batch_room_max = std::size_t{128} * 1024;
// acknowledgements of a whole batch that is refused have to fit
constexpr int receive_buffer = 4 * 1024 * 1024;

void set_option(int fd, int level, int option, int value)
{
    // each of these improves on what works without it: older kernels lack some, unprivileged users others
    (void)::setsockopt(fd, level, option, &value, sizeof(value));
}

/// As the system's limit lets it be.
std::size_t batch_room_of(int fd)
{
    int size = 0;
    socklen_t length = sizeof(size);
    if (::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length) < 0 || size < 0)
        size = 0;
    return std::min(static_cast<std::size_t>(size) / 2, batch_room_max);
}

Bytes whole(nl_msg* message)
{
    const nlmsghdr* header = nlmsg_hdr(message);
    return {reinterpret_cast<const std::uint8_t*>(header), header->nlmsg_len};
}

Answer to_answer(Bytes message)
{
    genlmsghdr header{};
    if (message.size() >= NLMSG_HDRLEN + sizeof(header))
        std::memcpy(&header, message.data() + NLMSG_HDRLEN, sizeof(header));
    return {header.cmd, AttrSet(message_attrs(message))};
}

} // namespace

void NlSocket::Free::operator()(nl_sock* socket) const noexcept
{
    nl_socket_free(socket);
}

NlSocket::NlSocket(nl_sock* socket, int family)
    : socket_(socket),
      family_(family),
      buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(receive_room))
{
}

Result<NlSocket> NlSocket::create()
{
    std::unique_ptr<nl_sock, Free> socket(nl_socket_alloc());
    if (!socket)
        return fail_errno("netlink socket", ENOMEM);
    if (int error = genl_connect(socket.get()); error < 0)
        return fail(EIO, std::string("generic netlink: ") + nl_geterror(error));
    int family = genl_ctrl_resolve(socket.get(), WEIR_FAMILY_NAME);
    if (family < 0)
        return fail(ENOENT,
                    "the kernel does not know netlink family \"" WEIR_FAMILY_NAME "\": is weir.ko loaded?");

    int fd = nl_socket_get_fd(socket.get());
    set_option(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1); // libnl 3.7 leaves it off
    set_option(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
    set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, send_buffer);
    return NlSocket(socket.release(), family);
}

int NlSocket::fd() const noexcept
{
    return nl_socket_get_fd(socket_.get());
}

std::uint32_t NlSocket::number(NlMsg& message, std::uint16_t flags)
{
    nlmsghdr* header = nlmsg_hdr(message.raw());
    header->nlmsg_type = static_cast<std::uint16_t>(family_);
    header->nlmsg_flags = static_cast<std::uint16_t>(header->nlmsg_flags | flags);
    header->nlmsg_seq = ++sequence_;
    header->nlmsg_pid = nl_socket_get_local_port(socket_.get());
    return header->nlmsg_seq;
}

Result<void> NlSocket::send(Bytes bytes)
{
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    ssize_t sent;
    do {
        sent = ::sendto(fd(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
                        sizeof(kernel));
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return fail_errno("sending to the kernel");
    return {};
}

Result<Bytes> NlSocket::receive(int flags)
{
    sockaddr_nl sender{};
    iovec vector{buffer_.get(), receive_room};
    msghdr header{};
    header.msg_name = &sender;
    header.msg_namelen = sizeof(sender);
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    while (true) {
        ssize_t got = ::recvmsg(fd(), &header, flags);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return Bytes();
        if (got < 0)
            return fail_errno("receiving from the kernel");
        if (header.msg_flags & MSG_TRUNC)
            return fail(EMSGSIZE, "an answer of the kernel is larger than the buffer");
        if (sender.nl_pid == 0) // else another process guessed our port
            return Bytes(buffer_.get(), static_cast<std::size_t>(got));
    }
}

Result<bool> NlSocket::read_answers(std::uint32_t sequence, Bytes request, bool& interrupted,
                                    const OnAnswer& answer)
{
    auto datagram = receive(0);
    if (!datagram)
        return pass_on(datagram);
    Result<bool> finished = false;
    each_message(*datagram, [&](const nlmsghdr& header, Bytes message) {
        if (header.nlmsg_seq != sequence)
            return true; // left over from a request that was given up
        if (header.nlmsg_flags & NLM_F_DUMP_INTR)
            interrupted = true;
        if (header.nlmsg_type == NLMSG_ERROR) {
            auto ack = parse_ack(message, request);
            if (ack && ack->error.code)
                finished = Failure(ack->error);
            else
                finished = true;
        } else if (header.nlmsg_type == NLMSG_DONE) {
            Error error = parse_done(message, request);
            finished = error.code ? Result<bool>(Failure(std::move(error))) : Result<bool>(true);
        } else if (header.nlmsg_type >= NLMSG_MIN_TYPE && answer) {
            answer(to_answer(message));
        }
        return finished && !*finished;
    });
    return finished;
}

Result<void> NlSocket::request(NlMsg& message, const OnAnswer& answer)
{
    if (!message.complete())
        return fail(EMSGSIZE, "the request is too large for one message");
    std::uint32_t sequence = number(message, NLM_F_ACK);
    Bytes bytes = whole(message.raw());
    if (auto sent = send(bytes); !sent)
        return sent;
    bool interrupted = false;
    while (true) {
        auto finished = read_answers(sequence, message_attrs(bytes), interrupted, answer);
        if (!finished)
            return pass_on(finished);
        if (*finished)
            return {};
    }
}

Result<void> NlSocket::dump_once(NlMsg& message, bool& interrupted, const OnAnswer& answer)
{
    if (!message.complete())
        return fail(EMSGSIZE, "the request is too large for one message");
    std::uint32_t sequence = number(message, NLM_F_DUMP);
    Bytes bytes = whole(message.raw());
    if (auto sent = send(bytes); !sent)
        return sent;
    Result<bool> finished = false;
    while (finished && !*finished)
        finished = read_answers(sequence, message_attrs(bytes), interrupted, answer);
    return finished ? Result<void>() : Result<void>(pass_on(finished));
}

Result<void> NlSocket::dump_each(NlMsg& message, const OnAnswer& answer)
{
    bool interrupted = false;
    return dump_once(message, interrupted, answer);
}

Result<void> NlSocket::dump_raw(NlMsg& message, const std::function<void()>& restart, const OnAnswer& answer)
{
    for (int attempt = 0; attempt < dump_attempts; attempt++) {
        bool interrupted = false;
        restart();
        if (auto done = dump_once(message, interrupted, answer); !done || !interrupted)
            return done;
    }
    return fail(EINTR, "the configuration changes faster than it can be listed");
}

Result<void> NlSocket::send_batch(std::span<NlMsg> messages)
{
    std::vector<std::uint8_t> batch;
    const std::size_t batch_room = batch_room_of(fd());
    batch.reserve(batch_room);
    const std::uint32_t first = sequence_ + 1;

    // netlink works requests off within sendmsg: refusals are there when it returns
    auto flush = [&]() -> Result<void> {
        auto sent = send(batch);
        batch.clear();
        if (!sent)
            return sent;
        Result<void> verdict;
        bool lost = false;
        // All of them, even after the first: until the queue is empty the kernel drops what it would add,
        // and says so once only. The next request would wait for its acknowledgement for ever.
        while (true) {
            auto datagram = receive(MSG_DONTWAIT);
            if (!datagram && datagram.error().code == ENOBUFS) {
                lost = true; // the later ones: the first refusal is still there
                continue;
            }
            if (!datagram)
                return pass_on(datagram);
            if (datagram->empty())
                return verdict && lost ? Result<void>(fail_errno("receiving from the kernel", ENOBUFS))
                                       : verdict;
            each_message(*datagram, [&](const nlmsghdr& header, Bytes message) {
                if (!verdict || header.nlmsg_type != NLMSG_ERROR || header.nlmsg_seq < first ||
                    header.nlmsg_seq > sequence_)
                    return true;
                NlMsg& blamed = messages[header.nlmsg_seq - first];
                auto ack = parse_ack(message, message_attrs(whole(blamed.raw())));
                if (!ack || !ack->error.code)
                    return true;
                ack->error.index = static_cast<long>(header.nlmsg_seq - first);
                verdict = Failure(ack->error);
                return false;
            });
        }
    };

    for (NlMsg& message : messages) {
        if (!message.complete())
            return fail(EMSGSIZE, "the request is too large for one message");
        number(message, 0);
        Bytes bytes = whole(message.raw());
        if (!batch.empty() && batch.size() + bytes.size() > batch_room)
            if (auto sent = flush(); !sent)
                return sent;
        batch.insert(batch.end(), bytes.begin(), bytes.end());
        batch.resize(NLMSG_ALIGN(batch.size()));
    }
    return batch.empty() ? Result<void>() : flush();
}

Result<void> NlSocket::join(const char* group)
{
    int id = genl_ctrl_resolve_grp(socket_.get(), WEIR_FAMILY_NAME, group);
    if (id < 0)
        return fail(ENOENT, std::string("no multicast group \"") + group + "\": " + nl_geterror(id));
    if (int error = nl_socket_add_membership(socket_.get(), id); error < 0)
        return fail(EIO, std::string("joining group \"") + group + "\": " + nl_geterror(error));
    return {};
}

Result<void> NlSocket::receive_events(const OnAnswer& answer)
{
    auto datagram = receive(0);
    if (!datagram)
        return pass_on(datagram);
    each_message(*datagram, [&](const nlmsghdr& header, Bytes message) {
        if (header.nlmsg_type == family_)
            answer(to_answer(message));
        return true;
    });
    return {};
}

Result<void> NlSocket::discard_events()
{
    while (true) {
        auto datagram = receive(MSG_DONTWAIT);
        if (!datagram && datagram.error().code != ENOBUFS)
            return pass_on(datagram);
        if (datagram && datagram->empty())
            return {};
    }
}

} // namespace weir
