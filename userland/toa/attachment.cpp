// SPDX-License-Identifier: GPL-2.0
#include "toa/attachment.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "toa/directors.h"
#include "toa/object.h"

namespace weir::toa {
namespace {

namespace fs = std::filesystem;

constexpr std::array programs = {"weir_toa_options", "weir_toa_peer4", "weir_toa_peer6"};
constexpr std::array maps = {"directors", "counters", "about"};

/// The first thing that libbpf complained of since the last look: what follows is a consequence.
std::string& complaint()
{
    static std::string text;
    return text;
}

int on_libbpf(libbpf_print_level level, const char* format, va_list arguments)
{
    if (level != LIBBPF_WARN || !complaint().empty())
        return 0;
    char line[400];
    int length = std::vsnprintf(line, sizeof(line), format, arguments);
    std::string_view text(line, std::min<std::size_t>(std::max(length, 0), sizeof(line) - 1));
    complaint() = text.substr(0, text.find('\n'));
    return 0;
}

Failure fail_bpf(const std::string& what, int error)
{
    int code = error < 0 ? -error : error;
    std::string text = fmt::format("{}: {}", what, std::strerror(code));
    if (code == EPERM)
        text += "; this needs root (CAP_BPF and CAP_NET_ADMIN)";
    if (!complaint().empty())
        text += fmt::format(" ({})", complaint());
    complaint().clear();
    return fail(code, text);
}

Result<Fd> open_pin(const std::string& path)
{
    int fd = ::bpf_obj_get(path.c_str());
    if (fd < 0)
        return fail_bpf(path, fd);
    return Fd(fd);
}

/// Serialises those who change pins. The lock ends with the descriptor.
Result<Fd> lock_pins()
{
    if (!bpf_mounted())
        return fail(ENOENT, "the BPF file system is not mounted: mount -t bpf bpf /sys/fs/bpf");
    if (::mkdir(pins_directory, 0700) != 0 && errno != EEXIST)
        return fail_errno(pins_directory);
    Fd directory(::open(pins_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::flock(directory.get(), LOCK_EX) != 0)
        return fail_errno(pins_directory);
    return directory;
}

std::string pins_of(std::uint64_t id)
{
    return fmt::format("{}/{}", pins_directory, id);
}

/// Links first: detached at once, not when the kernel gets round to it.
Result<void> remove_pins(const std::string& directory)
{
    for (const char* name : programs) {
        std::string path = fmt::format("{}/{}", directory, name);
        if (auto link = open_pin(path))
            (void)::bpf_link_detach(link->get()); // ENOLINK: the cgroup is gone already
        complaint().clear();
    }
    std::error_code error;
    fs::remove_all(directory, error);
    if (error)
        return fail(error.value(), fmt::format("{}: {}", directory, error.message()));
    return {};
}

Result<void> set_directors(int map, const std::vector<Prefix>& directors)
{
    std::vector<weir_toa_prefix> wanted;
    wanted.reserve(directors.size());
    for (const Prefix& prefix : directors)
        wanted.push_back(key_of(prefix));
    const std::uint8_t yes = 1;
    for (const weir_toa_prefix& key : wanted)
        if (int error = ::bpf_map_update_elem(map, &key, &yes, BPF_ANY); error != 0)
            return fail_bpf("adding a director", error);
    std::vector<weir_toa_prefix> surplus;
    weir_toa_prefix key{};
    const weir_toa_prefix* last = nullptr;
    for (weir_toa_prefix next{}; ::bpf_map_get_next_key(map, last, &next) == 0; key = next, last = &key)
        if (std::ranges::none_of(
                wanted, [&](const auto& one) { return std::memcmp(&one, &next, sizeof(next)) == 0; }))
            surplus.push_back(next);
    for (const weir_toa_prefix& old : surplus)
        if (int error = ::bpf_map_delete_elem(map, &old); error != 0 && error != -ENOENT)
            return fail_bpf("removing a director", error);
    return {};
}

std::vector<Prefix> get_directors(int map)
{
    std::vector<Prefix> directors;
    weir_toa_prefix key{};
    const weir_toa_prefix* last = nullptr;
    for (weir_toa_prefix next{};
         directors.size() <= WEIR_TOA_DIRECTORS_MAX && ::bpf_map_get_next_key(map, last, &next) == 0;
         key = next, last = &key)
        directors.push_back(prefix_of(next));
    std::ranges::sort(directors);
    return directors;
}

Counters get_counters(int map)
{
    Counters counters{};
    int cpus = ::libbpf_num_possible_cpus();
    std::vector<std::uint64_t> values(cpus > 0 ? static_cast<std::size_t>(cpus) : 1);
    for (std::uint32_t which = 0; which < counters.size(); which++)
        if (::bpf_map_lookup_elem(map, &which, values.data()) == 0)
            for (std::uint64_t value : values)
                counters[which] += value;
    return counters;
}

/// Is the program pinned there still attached to the cgroup?
bool is_attached(const std::string& path, std::uint64_t id)
{
    auto link = open_pin(path);
    complaint().clear();
    if (!link)
        return false;
    bpf_link_info info{};
    __u32 size = sizeof(info);
    return ::bpf_obj_get_info_by_fd(link->get(), &info, &size) == 0 && info.type == BPF_LINK_TYPE_CGROUP &&
           info.cgroup.cgroup_id == id;
}

Result<Attachment> read_attachment(std::uint64_t id)
{
    Attachment attachment;
    attachment.id = id;
    std::string directory = pins_of(id);
    auto about = open_pin(directory + "/about");
    if (!about)
        return pass_on(about);
    auto value = std::make_unique<weir_toa_about>();
    const std::uint32_t zero = 0;
    if (int error = ::bpf_map_lookup_elem(about->get(), &zero, value.get()); error != 0)
        return fail_bpf(directory, error);
    if (value->abi != WEIR_TOA_ABI)
        return fail(EPROTO, fmt::format("{}: attached by another version of this program", directory));
    attachment.path.assign(value->path, ::strnlen(value->path, sizeof(value->path)));
    auto directors = open_pin(directory + "/directors");
    if (!directors)
        return pass_on(directors);
    attachment.directors = get_directors(directors->get());
    auto counters = open_pin(directory + "/counters");
    if (!counters)
        return pass_on(counters);
    attachment.counters = get_counters(counters->get());
    attachment.alive = std::ranges::all_of(
        programs, [&](const char* name) { return is_attached(fmt::format("{}/{}", directory, name), id); });
    return attachment;
}

std::vector<std::uint64_t> pinned_ids()
{
    std::vector<std::uint64_t> ids;
    std::error_code error;
    for (fs::directory_iterator entry(pins_directory, error), end; !error && entry != end;
         entry.increment(error))
        if (auto id = parse_number(entry->path().filename().string(), 0, UINT64_MAX))
            ids.push_back(*id);
    return ids;
}

struct CloseObject {
    void operator()(bpf_object* object) const { ::bpf_object__close(object); }
};
using Object = std::unique_ptr<bpf_object, CloseObject>;

struct CloseLink {
    void operator()(bpf_link* link) const { (void)::bpf_link__destroy(link); }
};
using Link = std::unique_ptr<bpf_link, CloseLink>;

Result<Object> load()
{
    ::libbpf_set_print(on_libbpf);
    auto bytes = object_bytes();
    LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "weir_toa");
    Object object(::bpf_object__open_mem(bytes.data(), bytes.size(), &options));
    if (!object)
        return fail_bpf("reading the BPF object", errno);
    if (int error = ::bpf_object__load(object.get()); error != 0)
        return fail_bpf("loading the BPF programs", error);
    return object;
}

Result<void> describe(const bpf_object* object, const Cgroup& cgroup)
{
    auto about = std::make_unique<weir_toa_about>();
    about->abi = WEIR_TOA_ABI;
    if (cgroup.path.size() >= sizeof(about->path))
        return fail(ENAMETOOLONG, fmt::format("the path of cgroup {} is too long", cgroup.id));
    std::ranges::copy(cgroup.path, about->path);
    const std::uint32_t zero = 0;
    int map = ::bpf_object__find_map_fd_by_name(object, "about");
    if (int error = ::bpf_map_update_elem(map, &zero, about.get(), BPF_ANY); error != 0)
        return fail_bpf("writing down the cgroup", error);
    return {};
}

Result<void> attach_and_pin(bpf_object* object, const Cgroup& cgroup, const std::string& directory)
{
    for (const char* name : maps) {
        std::string path = fmt::format("{}/{}", directory, name);
        if (int error = ::bpf_map__pin(::bpf_object__find_map_by_name(object, name), path.c_str());
            error != 0)
            return fail_bpf(path, error);
    }
    Fd group(::open(cgroup.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!group)
        return fail_errno(cgroup.directory);
    for (const char* name : programs) {
        const bpf_program* program = ::bpf_object__find_program_by_name(object, name);
        Link link(::bpf_program__attach_cgroup(program, group.get()));
        if (!link)
            return fail_bpf(fmt::format("attaching {} to {}", name, cgroup.path), errno);
        std::string path = fmt::format("{}/{}", directory, name);
        if (int error = ::bpf_link__pin(link.get(), path.c_str()); error != 0)
            return fail_bpf(path, error);
    }
    return {};
}

/// What is left of attachments to cgroups of this path that are gone.
Result<void> remove_stale(const std::string& path)
{
    for (std::uint64_t id : pinned_ids())
        if (auto old = read_attachment(id); old && !old->alive && old->path == path)
            if (auto removed = remove_pins(pins_of(id)); !removed)
                return removed;
    return {};
}

} // namespace

bool bpf_mounted()
{
    struct statfs status {};
    return ::statfs("/sys/fs/bpf", &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

Result<Attached> attach(const Cgroup& cgroup, const std::vector<Prefix>& directors)
{
    ::libbpf_set_print(on_libbpf);
    auto lock = lock_pins();
    if (!lock)
        return pass_on(lock);
    std::string directory = pins_of(cgroup.id);
    if (auto present = read_attachment(cgroup.id); present && present->alive) {
        auto map = open_pin(directory + "/directors");
        if (!map)
            return pass_on(map);
        if (auto set = set_directors(map->get(), directors); !set)
            return pass_on(set);
        return Attached::directors_changed;
    }
    if (auto removed = remove_stale(cgroup.path); !removed)
        return pass_on(removed);
    auto object = load();
    if (!object)
        return pass_on(object);
    if (auto set = set_directors(::bpf_object__find_map_fd_by_name(object->get(), "directors"), directors);
        !set)
        return pass_on(set);
    if (auto described = describe(object->get(), cgroup); !described)
        return pass_on(described);
    // an attachment that another version or an accident left incomplete
    if (auto removed = remove_pins(directory); !removed)
        return pass_on(removed);
    if (::mkdir(directory.c_str(), 0700) != 0)
        return fail_errno(directory);
    if (auto attached = attach_and_pin(object->get(), cgroup, directory); !attached) {
        (void)remove_pins(directory);
        return pass_on(attached);
    }
    return Attached::anew;
}

Result<void> detach(const Attachment& attachment)
{
    ::libbpf_set_print(on_libbpf);
    auto lock = lock_pins();
    if (!lock)
        return pass_on(lock);
    return remove_pins(pins_of(attachment.id));
}

Result<std::vector<Attachment>> attachments()
{
    ::libbpf_set_print(on_libbpf);
    std::vector<Attachment> list;
    if (!bpf_mounted() || ::access(pins_directory, F_OK) != 0)
        return list;
    Fd directory(::open(pins_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::flock(directory.get(), LOCK_SH) != 0)
        return fail(errno, fmt::format("{}: {}; this needs root", pins_directory, std::strerror(errno)));
    for (std::uint64_t id : pinned_ids()) {
        auto attachment = read_attachment(id);
        if (!attachment && attachment.error().code == ENOENT)
            continue; // an accident left it incomplete
        if (!attachment)
            return pass_on(attachment);
        list.push_back(std::move(*attachment));
    }
    std::ranges::sort(list, {}, &Attachment::path);
    return list;
}

Result<void> probe_kernel()
{
    auto object = load();
    if (!object)
        return pass_on(object);
    return {};
}

} // namespace weir::toa
