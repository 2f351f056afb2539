/* SPDX-License-Identifier: GPL-2.0 */
/* shared: what the BPF programs and the program that loads them have in common; C and C++ */
#ifndef WEIR_TOA_SHARED_H
#define WEIR_TOA_SHARED_H

#include <linux/types.h>

/* Of the maps' layout: pins of another one are not taken over. */
#define WEIR_TOA_ABI 1
#define WEIR_TOA_DIRECTORS_MAX 1024
#define WEIR_TOA_PATH_MAX 4000

enum weir_toa_counter {
    WEIR_TOA_CNT_CONNECTIONS, /* accepted from directors */
    WEIR_TOA_CNT_FOUND,       /* of these: the option came and named an address that the socket can show */
    WEIR_TOA_CNT_SHOWN,       /* answers of getpeername() and accept() that show it */
    WEIR_TOA_CNT_MISSING,     /* of connections: data came, the option did not */
    WEIR_TOA_CNT_MALFORMED,   /* packets of directors with an option of this kind that cannot be, or a broken
                                 list */
    WEIR_TOA_CNT_FAMILY,      /* of connections: IPv6 clients on AF_INET sockets, which cannot show them */
    WEIR_TOA_CNT_REFUSED,     /* connections of others that began with an option */
    WEIR_TOA_CNT_NO_MEMORY,   /* of connections: nowhere to keep the address */
    WEIR_TOA_CNT_MAX,
};

/* Key of the trie of directors; IPv4 as IPv4-mapped IPv6. */
struct weir_toa_prefix {
    __u32 length;
    __u8 addr[16];
};

/* What is kept with a socket. IPv4 as IPv4-mapped IPv6; network byte order. */
struct weir_toa_client {
    __u32 addr[4];
    __u16 port;
    __u8 known;
    __u8 waiting : 1; /* for the option */
    __u8 asked : 1;   /* for the headers of all packets, which nobody had asked for before */
};

/* What an attachment is, for those who find its pins. */
struct weir_toa_about {
    __u32 abi;
    char path[WEIR_TOA_PATH_MAX]; /* of the cgroup, from the root of its hierarchy */
};

#endif /* WEIR_TOA_SHARED_H */
