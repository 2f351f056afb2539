// SPDX-License-Identifier: GPL-2.0
#include "keeper/departures.h"

#include <algorithm>

namespace weir::keeper::departures {

using namespace std::chrono_literals;

Address address_of(std::size_t router, std::size_t link)
{
    return Address(in_addr{htonl(static_cast<std::uint32_t>(0xc0000201 + link * 256 + router))});
}

std::unique_ptr<Ensemble> Departures::make_machines(std::size_t r)
{
    auto machines = std::make_unique<Ensemble>(
        [this, r](std::size_t link, const Actions& actions, State before) { act(r, link, actions, before); });
    for (std::size_t link = 0; link < plan_.links; link++) {
        Policy own = policy_;
        own.priority = processes_[r].priorities[link];
        machines->add(own, plan_.links > 1 ? 0 : Ensemble::no_group);
    }
    return machines;
}

void Departures::start(std::size_t r)
{
    Process& process = processes_[r];
    process.machines = make_machines(r);
    process.host = std::make_unique<Host>(*this, r);
    process.handovers = std::make_unique<Handovers>(*process.host);
    process.handovers->configure(*process.machines, std::vector<Handovers::Side>(plan_.links));
    for (auto& member : process.members)
        member = {.last_advert = member.last_advert, .takeover = {}};
    process.waiting.clear();
    process.running = true;
    process.paused = process.leaving = false;
    process.sessions.clear();
    for (std::size_t link = 0; link < plan_.links; link++)
        process.machines->note_faulty(link, faulty_.contains({r, link}));
    for (std::size_t link = 0; link < plan_.links; link++)
        process.machines->start(link, now_, faulty_.contains({r, link}));
    for (std::size_t peer = 0; plan_.bfd && peer < processes_.size(); peer++) {
        for (std::size_t link = 0; peer != r && link < plan_.links; link++) {
            auto number = static_cast<std::uint32_t>(pick(1, 1 << 30));
            Session session{BfdSession(bfd_policy_, number, number), never};
            session.session.start(now_);
            process.sessions.emplace(std::pair(peer, link), session);
        }
    }
}

/// The end of a process in order: each session says AdminDown, each master resigns.
void Departures::end(std::size_t r)
{
    Process& process = processes_[r];
    for (std::size_t link = 0; link < plan_.links; link++)
        process.machines->stop(link, now_);
    for (auto& [key, session] : process.sessions) {
        if (session.session.stop(now_).send)
            send(r, key.first, key.second, session.session.packet(false));
    }
    process.running = false;
}

/// SIGKILL; the guard takes the addresses.
void Departures::kill(std::size_t r)
{
    processes_[r].running = processes_[r].paused = false;
    for (auto& member : processes_[r].members)
        member.has_addresses = false;
}

void Departures::leave(std::size_t r)
{
    Process& process = processes_[r];
    if (!process.awake() || process.leaving)
        return;
    process.leaving = true;
    ask(r, true);
    if (process.handovers->waiting() == 0)
        end(r);
}

void Departures::ask(std::size_t r, bool leaving)
{
    Process& process = processes_[r];
    if (!process.awake() || (process.leaving && !leaving))
        return;
    std::vector<std::size_t> wanted;
    for (std::size_t link = 0; link < plan_.links; link++) {
        if (leaving || plan_.links == 1 || pick(0, 9)) // sometimes a part of the group
            wanted.push_back(link);
    }
    process.handovers->start(now_, wanted, leaving);
}

/// The same configuration again.
void Departures::reload(std::size_t r)
{
    Process& process = processes_[r];
    if (!process.awake() || process.leaving)
        return;
    auto before = std::move(process.machines);
    process.machines = make_machines(r);
    std::vector<Handovers::Side> sides;
    for (std::size_t link = 0; link < plan_.links; link++) {
        sides.push_back((*process.handovers)[link]);
        process.machines->restore(link, now_, (*before)[link], faulty_.contains({r, link}));
    }
    process.handovers->configure(*process.machines, std::move(sides));
}

void Departures::pause(std::size_t r, Duration time)
{
    Process& process = processes_[r];
    if (!process.awake())
        return;
    process.paused = true;
    later(time, [this, r] { resume(r, pick(0, 5) == 0); });
}

/// The loop finds several sockets and the timer ready and takes them in any order. `frozen`: the whole
/// machine stood still, and what was sent to it is lost.
void Departures::resume(std::size_t r, bool frozen)
{
    Process& process = processes_[r];
    if (!process.running || !process.paused)
        return;
    quiet_since_ = now_;
    process.paused = false;
    counts.woke_waiting += process.handovers->waiting() != 0;
    if (frozen)
        process.waiting.clear();
    std::vector<int> order{0, 1, 2, 3};
    std::ranges::shuffle(order, random_);
    for (int what : order) {
        process.machines->wake(now_);
        if (what < 3)
            read(r, static_cast<std::size_t>(what));
        else
            fire(r);
    }
}

/// What waits at one of the sockets: adverts, messages or BFD packets.
void Departures::read(std::size_t r, std::size_t kind)
{
    auto& waiting = processes_[r].waiting;
    for (bool found = true; found;) {
        auto next = std::ranges::find_if(waiting, [&](const auto& p) { return p.content.index() == kind; });
        found = next != waiting.end();
        if (!found)
            break;
        Packet packet = *next;
        waiting.erase(next);
        if (processes_[r].running)
            deliver(packet);
    }
}

void Departures::fire(std::size_t r)
{
    Process& process = processes_[r];
    if (process.awake() && process.handovers->deadline() <= now_) {
        read(r, 1);
        if (process.running)
            process.handovers->expire(now_);
        if (process.running && process.leaving && process.handovers->waiting() == 0)
            end(r);
    }
    for (auto& [key, session] : process.sessions) {
        if (!process.awake() || session.session.deadline() > now_)
            continue;
        read(r, 2);
        if (session.session.deadline() <= now_)
            act_bfd(r, key, session.session.expire(now_));
    }
    for (std::size_t link = 0; link < plan_.links && process.awake(); link++) {
        if ((*process.machines)[link].deadline() > now_)
            continue;
        read(r, 0);
        process.machines->expire(link, now_);
    }
}
void Departures::act(std::size_t r, std::size_t link, const Actions& actions, State before)
{
    Process& process = processes_[r];
    Member& member = process.members[link];
    const Machine& machine = (*process.machines)[link];
    if (!process.awake())
        fail("a process acted that does not run");
    for (Action action : actions) {
        if (action == Action::send_resign ||
            (action == Action::send_advert && !process.handovers->silent(link)))
            advertise(r, link, action == Action::send_advert ? machine.priority() : 0);
        if (action == Action::add_addresses)
            member.has_addresses = true;
        if (action == Action::remove_addresses) {
            check_departure(r, link);
            member.has_addresses = false;
        }
    }
    if (member.has_addresses != (machine.state() == State::master))
        fail("addresses and state disagree");
    if (machine.state() == before)
        return;
    if (machine.state() != State::backup)
        member.takeover.reset();
    if (machine.state() != State::backup)
        member.heard_master = SIZE_MAX;
    if (machine.state() != State::master)
        member.bfd_master = never;
    process.handovers->state_changed(link, now_);
}

/// Who leaves in order has addresses until his heir's advert is out, or until he has waited for it.
void Departures::check_departure(std::size_t r, std::size_t link)
{
    Process& process = processes_[r];
    const Machine& machine = (*process.machines)[link];
    const Address& heir = (*process.handovers)[link].heir;
    if (heir.empty())
        return;
    Instant asked = process.members[link].asked_at;
    std::size_t other = 0;
    while (address_of(other, link) != heir)
        other++;
    bool heir_adverted = processes_[other].members[link].last_advert >= asked;
    bool waited = now_ >= asked + handover_patience;
    if (machine.reason() == Reason::handed_over && !heir_adverted)
        fail("handed over to a router that is not master");
    if ((machine.reason() == Reason::stopped || machine.reason() == Reason::resigned) && !waited)
        fail("gave up without waiting for the heir");
}

void Departures::advertise(std::size_t from, std::size_t link, std::uint8_t priority)
{
    processes_[from].members[link].last_advert = now_;
    for (std::size_t to = 0; to < processes_.size(); to++)
        send(from, to, link, Heard{priority, from > to ? 1 : -1, policy_.interval});
}

bool Departures::send_message(std::size_t r, std::size_t link, const HandoverMessage& message,
                              const Address& to)
{
    if (message.type == HandoverType::request) {
        processes_[r].members[link].asked_at = now_;
        if (!plan_.preempt)
            fail("a router that does not preempt asked an heir");
        for (std::size_t other = 0; other < plan_.links; other++) {
            if (state(r, other) != State::master)
                fail("a part of a group was handed over");
        }
    }
    for (std::size_t other = 0; other < processes_.size(); other++) {
        if (address_of(other, link) == to)
            send(r, other, link, message);
    }
    return pick(1, 200) != 1 || message.type != HandoverType::request;
}

void Departures::note(std::size_t r, std::size_t link, HandoverNote what)
{
    if (what == HandoverNote::handed_over)
        processes_[r].answered_at = now_;
    counts.finished += what == HandoverNote::handed_over;
    counts.unanswered += what == HandoverNote::no_answer;
    counts.no_heir += what == HandoverNote::no_heir;
    if (what == HandoverNote::no_answer && now_ < processes_[r].members[link].asked_at + handover_patience)
        fail("did not wait for the heir");
}
void Departures::deliver(const Packet& packet)
{
    if (const auto* heard = std::get_if<Heard>(&packet.content))
        hear(packet, *heard);
    else if (const auto* message = std::get_if<HandoverMessage>(&packet.content))
        take(packet, *message);
    else
        take_bfd(packet, std::get<BfdPacket>(packet.content));
}

void Departures::hear(const Packet& packet, const Heard& heard)
{
    Process& process = processes_[packet.to];
    Member& member = process.members[packet.link];
    Address source = address_of(packet.from, packet.link);
    if (heard.priority)
        member.heard_master = packet.from;
    if (process.handovers->passes_over(packet.link, now_, source, heard.priority))
        return;
    bool neighbor = packet.from == neighbor_of(packet.to);
    if (neighbor && member.bfd_master != never) {
        member.burnt = true;
        member.bfd_master = never;
    }
    process.machines->receive(packet.link, now_, heard);
    if (state(packet.to, packet.link) == State::master) {
        member.takeover.heard_as_master(neighbor);
    } else if (state(packet.to, packet.link) == State::backup && heard.priority) {
        member.heard_master = packet.from;
        member.takeover.heard_master(neighbor);
        process.handovers->announce(packet.link, now_, source);
    }
}

void Departures::take(const Packet& packet, const HandoverMessage& message)
{
    Process& process = processes_[packet.to];
    Address source = address_of(packet.from, packet.link);
    if (process.leaving && message.type == HandoverType::request && process.handovers->waiting() == 0)
        return;
    bool from_master = process.members[packet.link].heard_master == packet.from;
    bool taken = process.handovers->take(packet.link, now_, message, source, from_master);
    counts.refused += !taken;
    if (taken && message.type == HandoverType::request && !plan_.preempt)
        fail("a router that does not preempt was asked, and took over");
    if (process.leaving && process.handovers->waiting() == 0 && process.running)
        end(packet.to);
}

void Departures::take_bfd(const Packet& packet, const BfdPacket& content)
{
    auto session = processes_[packet.to].sessions.find({packet.from, packet.link});
    if (session == processes_[packet.to].sessions.end() ||
        (content.yours != 0 && content.yours != session->second.session.discriminator()))
        return;
    act_bfd(packet.to, session->first, session->second.session.receive(now_, content));
}

void Departures::act_bfd(std::size_t r, std::pair<std::size_t, std::size_t> key, const BfdActions& actions)
{
    Process& process = processes_[r];
    Session& session = process.sessions.at(key);
    if (actions.send)
        send(r, key.first, key.second, session.session.packet(actions.final));
    bool up = session.session.state() == BfdState::up, was_up = session.up_since != never;
    if (!actions.changed || up == was_up)
        return;
    Instant since = std::exchange(session.up_since, up ? now_ : never);
    if (key.first != neighbor_of(r))
        return;
    Member& member = process.members[key.second];
    if (up)
        return member.takeover.session_up(now_);
    bool silent = session.session.diagnostic() == BfdDiagnostic::expired;
    State before = state(r, key.second);
    bool takes = member.takeover.session_down(now_, before, silent);
    if (takes) {
        Duration trusted = member.burnt ? Duration(60s) : Duration(3s);
        if (!silent || before != State::backup || member.heard_master != key.first || now_ - since < trusted)
            fail("a session's end was believed that must not be");
        member.burnt = false;
        process.machines->take_over(key.second, now_, Reason::peer_dead);
        counts.by_bfd += state(r, key.second) == State::master;
        if (state(r, key.second) == State::master)
            member.bfd_master = now_;
    } else if (silent && before == State::backup && member.burnt) {
        counts.disbelieved++;
    }
}
bool Host::send_handover(std::size_t link, const HandoverMessage& message, const Address& to)
{
    return world_.send_message(router_, link, message, to);
}

std::uint64_t Host::make_nonce()
{
    return world_.random_();
}

void Host::note_handover(std::size_t link, HandoverNote note, const Address&)
{
    world_.note(router_, link, note);
}

} // namespace weir::keeper::departures
