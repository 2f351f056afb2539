// SPDX-License-Identifier: GPL-2.0
// Answers of the kernel: acknowledgements with their extack, and every object. The first byte says how much
// of the input is the request that is answered.
#include <cstdint>

#include "libweir/config.h"
#include "libweir/conn.h"
#include "libweir/event.h"
#include "libweir/extack.h"
#include "libweir/names.h"
#include "libweir/service.h"

using namespace weir;

namespace {

void parse_objects(Bytes message)
{
    Answer answer{message.empty() ? std::uint8_t{} : message[0], AttrSet(message_attrs(message))};
    (void)parse_event(answer);
    (void)parse_conn(answer.attrs.nest(WEIR_A_CONN));
    (void)parse_config(answer.attrs.nest(WEIR_A_CONFIG));
    answer.attrs.each(WEIR_A_SERVER, [](Bytes payload) { (void)parse_server(AttrSet(payload)); });
    if (auto service = parse_service(answer.attrs.nest(WEIR_A_SERVICE)))
        (void)service->key.to_string();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (!size)
        return 0;
    Bytes input(data + 1, size - 1);
    std::size_t cut = input.size() * data[0] / 256;
    Bytes request = input.first(cut);
    Bytes datagram = input.subspan(cut);
    each_message(datagram, [&](const nlmsghdr&, Bytes message) {
        (void)parse_ack(message, request);
        parse_objects(message);
        return true;
    });
    (void)parse_ack(datagram, request);
    parse_objects(datagram);
    for (std::size_t offset = 0; offset < request.size(); offset++)
        (void)attr_name_at(request, offset);
    return 0;
}
