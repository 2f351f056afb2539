# SPDX-License-Identifier: GPL-2.0
"""The generic netlink family "weir" from Python, for tests: raw sockets, nothing but the standard library.

Names and types of attributes come from the comments of include/uapi/linux/weir.h: WEIR_A_SERVICE_PORT_END is
service["port-end"], a nest is a dictionary, a repeated attribute a list. Addresses are text, ports numbers.
"""
import errno
import os
import re
import socket
import struct

HEADER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../include/uapi/linux/weir.h")

NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK, NLM_F_DUMP_INTR, NLM_F_ROOT, NLM_F_MATCH = 1, 2, 4, 16, 0x100, 0x200
NLM_F_DUMP = NLM_F_ROOT | NLM_F_MATCH
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE = 1, 2, 3
NLA_F_NESTED, NLA_TYPE_MASK = 0x8000, 0x3FFF
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 3
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 1, 10, 11


class Header:
    """Values of the enumerators, and per attribute set the type of each attribute."""

    def __init__(self, path=HEADER):
        text = open(path, encoding="ascii").read()
        self.value, self.sets = {}, {}
        for doc, name, body in re.findall(r"/\*\*\n(.*?)\*/\nenum (\w+) \{\n(.*?)\n\};", text, re.S):
            self._enum(body)
            if name.endswith("_attrs"):
                self._attrs(name, doc, body)
        self.commands = {name[9:].lower().replace("_", "-"): value for name, value in self.value.items()
                         if name.startswith("WEIR_CMD_") and not name.endswith("_MAX")}

    def _enum(self, body):
        number = -1
        for line in body.split("\n"):
            match = re.match(r"\s*(\w+)(?:\s*= ([^,]+))?,?", line)
            if not match or not match.group(1).isupper() and not match.group(1).startswith("__WEIR"):
                continue
            name, given = match.groups()
            if given is None:
                number += 1
            elif name.endswith("_MAX"):
                self.value[name] = number - 1
                continue
            else:
                number = eval(given)  # "1" or "1 << 3" of our own header
            self.value[name] = number

    def _attrs(self, name, doc, body):
        set_name = name[5:-6].strip("_") or "weir"
        attrs = {}
        prefix = "WEIR_A_" if set_name in ("weir", "attrs") else "WEIR_A_%s_" % set_name.upper()
        for attr, text in re.findall(r"@(WEIR_A_\w+): (.*)", doc):
            kind = re.match(r"(nest of enum weir_\w+_attrs|u32|u64|be16|string|flag|4 or 16 bytes|16 bytes)", text)
            nest = re.match(r"nest of enum weir_(\w+)_attrs", text)
            short = attr[len(prefix):].lower().replace("_", "-")
            attrs[short] = (self.value[attr], nest.group(1) if nest else kind.group(1) if kind else "none", bool(nest))
        self.sets["weir" if name == "weir_attrs" else set_name] = attrs


H = Header()


def nla(kind, payload):
    return struct.pack("=HH", len(payload) + 4, kind) + payload + bytes(-len(payload) % 4)


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def encode(values, set_name="weir"):
    """Attributes of a dictionary; bytes are taken as they are."""
    out = b""
    for key, value in values.items():
        kind, how, nest = H.sets[set_name][key]
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bytes):
                out += nla(kind, one)
            elif nest:
                out += nla(kind | NLA_F_NESTED, encode(one, how))
            elif how == "u32":
                out += nla(kind, struct.pack("=I", one))
            elif how == "be16":
                out += nla(kind, struct.pack("!H", one))
            elif how == "string":
                out += nla(kind, one.encode() + b"\0")
            elif how == "flag":
                out += nla(kind, b"") if one else b""
            else:
                out += nla(kind, address(one))
    return out


def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4 or length > len(data):
            raise ValueError("attribute of %u bytes in %u" % (length, len(data)))
        yield kind & NLA_TYPE_MASK, data[4:length]
        data = data[(length + 3) & ~3:]


REPEATED = {"timeout", "range"}


def decode(data, set_name="weir"):
    names = {value: (name, how, nest) for name, (value, how, nest) in H.sets[set_name].items()}
    out = {}
    for kind, payload in attributes(data):
        name, how, nest = names[kind]
        if nest:
            value = decode(payload, how)
        elif how == "u32":
            value, = struct.unpack("=I", payload)
        elif how == "u64":
            value, = struct.unpack("=Q", payload)
        elif how == "be16":
            value, = struct.unpack("!H", payload)
        elif how == "string":
            value = payload.rstrip(b"\0").decode()
        elif how == "4 or 16 bytes":
            value = socket.inet_ntop(socket.AF_INET if len(payload) == 4 else socket.AF_INET6, payload)
        elif how == "none":
            continue
        else:
            value = payload
        if name in REPEATED:
            out.setdefault(name, []).append(value)
        else:
            out[name] = value
    return out


class Refused(Exception):
    """An error that the kernel answered with."""

    def __init__(self, number, tlvs, request):
        self.errno = number
        self.msg = tlvs[1].rstrip(b"\0").decode() if 1 in tlvs else ""
        self.offset = struct.unpack("=I", tlvs[2])[0] if 2 in tlvs else None
        self.cookie = tlvs.get(3)
        self.missing = struct.unpack("=I", tlvs[5])[0] if 5 in tlvs else None
        self.missing_nest = struct.unpack("=I", tlvs[6])[0] if 6 in tlvs else None
        self.attr = path_at(request, self.offset) if self.offset else None
        super().__init__("%s: %s (%s)" % (os.strerror(number), self.msg, self.where()))

    def where(self):
        """What is to blame: "service/port", "missing server/addr"."""
        if self.missing is not None:
            return "missing %s" % self.missing
        return self.attr or "-"

    @property
    def name(self):
        return "EOPNOTSUPP" if self.errno == errno.EOPNOTSUPP else errno.errorcode[self.errno]


def path_at(request, offset):
    """The names of the attributes down to the one at @offset of the message."""

    def walk(start, end, set_name):
        names = {value: (name, how, nest) for name, (value, how, nest) in H.sets[set_name].items()}
        while start + 4 <= end:
            length, kind = struct.unpack_from("=HH", request, start)
            name, how, nest = names.get(kind & NLA_TYPE_MASK, (str(kind & NLA_TYPE_MASK), "", False))
            if start == offset:
                return name
            if length < 4:
                return None
            if offset < start + length:
                inner = walk(start + 4, start + length, how) if nest else None
                return "%s/%s" % (name, inner) if inner else name
            start += (length + 3) & ~3
        return None

    return walk(20, len(request), "weir")


class Weir:
    def __init__(self, rcvbuf=1 << 20):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, rcvbuf)
        self.sock.bind((0, 0))
        self.sock.settimeout(60)
        self.seq = 1
        self.interrupted = False
        self.family, self.groups = self._resolve()

    def _resolve(self):
        body = struct.pack("=BBH", CTRL_CMD_GETFAMILY, 1, 0) + nla(2, b"weir\0")
        self.sock.send(struct.pack("=IHHII", 16 + len(body), GENL_ID_CTRL, NLM_F_REQUEST, 1, 0) + body)
        data = self.sock.recv(1 << 16)
        if struct.unpack_from("=H", data, 4)[0] == NLMSG_ERROR:
            raise OSError(-struct.unpack_from("=i", data, 16)[0], "no family weir: is the module loaded?")
        attrs = dict(attributes(data[20:]))
        groups = {}
        for _, group in attributes(attrs.get(7, b"")):
            group = dict(attributes(group))
            groups[group[1].rstrip(b"\0").decode()] = struct.unpack("=I", group[2])[0]
        return struct.unpack("=H", attrs[1])[0], groups

    def pack(self, command, body=b"", flags=NLM_F_ACK, **attrs):
        """One message; its sequence number is self.seq afterwards."""
        self.seq += 1
        code = H.commands[command] if isinstance(command, str) else command
        body = struct.pack("=BBH", code, 1, 0) + (body or encode({k.replace("_", "-"): v for k, v in attrs.items()}))
        return struct.pack("=IHHII", 16 + len(body), self.family, NLM_F_REQUEST | flags, self.seq, 0) + body

    def messages(self, sent=b""):
        """What comes in: (sequence, flags, command, attributes), Refused, None for an acknowledgement."""
        data = self.sock.recv(1 << 17)
        while len(data) >= 16:
            length, kind, flags, seq, _ = struct.unpack_from("=IHHII", data)
            body = data[16:length]
            if kind == NLMSG_ERROR or kind == NLMSG_DONE:
                error = -struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
                skip = 20 if flags & NLM_F_CAPPED or kind == NLMSG_ERROR and not error else 4
                if kind == NLMSG_DONE:
                    skip = 4
                tlvs = dict(attributes(body[skip:])) if flags & NLM_F_ACK_TLVS else {}
                yield seq, flags, kind, Refused(error, tlvs, sent) if error else None
            elif kind == self.family:
                yield seq, flags, body[0], decode(body[4:])
            data = data[(length + 3) & ~3:]

    def request(self, command, body=b"", **attrs):
        """Sends a command and waits: the answers, or Refused is raised."""
        return self.raw(self.pack(command, body, **attrs))

    def raw(self, message, seq=None):
        seq = self.seq if seq is None else seq
        self.sock.send(message)
        answers = []
        while True:
            for got, _, kind, value in self.messages(message):
                if got != seq:
                    continue
                if isinstance(value, Refused):
                    raise value
                if value is None:
                    return answers
                answers.append(value)

    def get(self, command, **attrs):
        return self.request(command, **attrs)[0]

    def dump(self, command, body=b"", **attrs):
        message = self.pack(command, body, flags=NLM_F_DUMP, **attrs)
        self.sock.send(message)
        answers = []
        self.interrupted = False
        while True:
            for seq, flags, kind, value in self.messages(message):
                if seq != self.seq:
                    continue
                self.interrupted |= bool(flags & NLM_F_DUMP_INTR)
                if isinstance(value, Refused):
                    raise value
                if value is None:
                    return answers
                answers.append(value)

    def counters(self):
        return {answer["counter"]["name"]: answer["counter"]["value"] for answer in self.dump("counter-get")}

    def join(self, group="config"):
        self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, self.groups[group])

    def events(self, wait=1.0):
        """(command's name, attributes) of notifications until nothing comes for @wait seconds."""
        names = {value: name for name, value in H.commands.items()}
        self.sock.settimeout(wait)
        out = []
        try:
            while True:
                for seq, _, kind, value in self.messages():
                    if seq == 0 and isinstance(value, dict):
                        out.append((names[kind], value))
        except (socket.timeout, BlockingIOError):
            return out

    def close(self):
        self.sock.close()


def service(addr="192.0.2.1", port=80, proto=6, **more):
    key = {"family": socket.AF_INET6 if ":" in addr else socket.AF_INET, "protocol": proto, "addr": addr, "port": port}
    key.update({k.replace("_", "-"): v for k, v in more.items()})
    return key


def server(addr="10.0.0.1", port=80, **more):
    key = {"addr": addr, "port": port}
    key.update({k.replace("_", "-"): v for k, v in more.items()})
    return key


def transaction(weir, services, owner="test", servers=(), generation=None, mode=None, batch=100):
    """BEGIN, one SERVICE_NEW each of (service, [server...]), COMMIT; messages without acknowledgement in batches."""
    begin = {"owner": owner}
    if generation is not None:
        begin["generation"] = generation
    if mode is not None:
        begin["transaction_mode"] = mode
    weir.request("config-begin", **begin)
    messages = [weir.pack("service-new", flags=0, service=s, **({"server": l} if l else {})) for s, l in services]
    messages += [weir.pack("server-new", flags=0, service=s, server=l) for s, l in servers]
    for i in range(0, len(messages), batch):
        weir.sock.send(b"".join(messages[i:i + batch]))
    return weir.get("config-commit", staged=len(messages))
