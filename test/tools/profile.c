// SPDX-License-Identifier: GPL-2.0
/*
 * profile: a plugin of QEMU (docs/devel/tcg-plugins of its source) that counts, by the place of their basic block, the guest's
 * instructions and the cache lines that they are the first to touch since the packet began; between the two marks that bench_send()
 * sets around a case's packets, with a third before each. Each pair makes a file, 0, 1, ... in the directory given as dir=:
 * "address instructions lines" lines. profile.py reads them.
 *
 * A cache line is 64 bytes of data; of an access across two the first counts.
 *
 * Built by scripts/bench --profile. Debian has no header of this interface: what is used of version 1 is declared here.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT		__attribute__((visibility("default")))
#define TABLE		(1u << 20)
#define INLINE_ADD_U64	0
#define CB_NO_REGS	0
#define MEM_RW		3
#define LINE_SHIFT	6

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

EXPORT int qemu_plugin_version = 1;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*fn)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *counter, uint64_t add);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*fn)(unsigned int, void *), int flags,
					    void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, void (*fn)(unsigned int, uint32_t, uint64_t, void *),
				      int flags, int rw, void *data);

/* nopl with a displacement that nothing else has, and one of these: bench_send.c */
static const unsigned char mark[] = { 0x0f, 0x1f, 0x80, 'w', 'e', 'i' };
#define MARK_BEGIN	'1'
#define MARK_PACKET	'2'
#define MARK_END	'0'

struct block {
	uint64_t address;
	uint64_t executed;
	uint64_t before;	/* at the last begin mark */
	uint64_t lines;		/* since then */
	uint32_t insns;		/* 0: free */
};

struct line {
	uint64_t number;	/* address >> LINE_SHIFT; 0: free */
	uint64_t packet;	/* that touched it last */
};

static struct block *blocks;
static struct line *lines;
static uint64_t packet;		/* 0: outside of the marks */
static uint64_t packets;	/* so far */
static const char *dir = ".";

/* Open addressing; a block that is translated again keeps its count. */
static struct block *block_of(uint64_t address, uint32_t insns)
{
	uint32_t i = (address * 0x9e3779b97f4a7c15u) >> 44;
	static uint32_t used;

	while (blocks[i].insns && (blocks[i].address != address || blocks[i].insns != insns))
		i = (i + 1) % TABLE;
	if (!blocks[i].insns && ++used > TABLE / 4 * 3) {
		fprintf(stderr, "profile: more than %u blocks\n", TABLE / 4 * 3);
		exit(1);
	}
	blocks[i].address = address;
	blocks[i].insns = insns;
	return &blocks[i];
}

static void touch(unsigned int cpu, uint32_t info, uint64_t address, void *data)
{
	uint64_t number = address >> LINE_SHIFT;
	uint32_t i = (number * 0x9e3779b97f4a7c15u) >> 44;
	struct block *block = data;
	static uint32_t used;

	if (!packet)
		return;
	while (lines[i].number && lines[i].number != number)
		i = (i + 1) % TABLE;
	if (!lines[i].number && ++used > TABLE / 4 * 3) {
		/* Flows without end: what is forgotten was of packets before. */
		memset(lines, 0, TABLE * sizeof(*lines));
		used = 1;
		i = (number * 0x9e3779b97f4a7c15u) >> 44;
	}
	lines[i].number = number;
	if (lines[i].packet != packet)
		block->lines++;
	lines[i].packet = packet;
}

static void begin(unsigned int cpu, void *data)
{
	uint32_t i;

	for (i = 0; i < TABLE; i++) {
		blocks[i].before = blocks[i].executed;
		blocks[i].lines = 0;
	}
}

static void next_packet(unsigned int cpu, void *data)
{
	packet = ++packets;
}

static void end(unsigned int cpu, void *data)
{
	static unsigned int number;
	char path[4096];
	uint64_t n;
	uint32_t i;
	FILE *file;

	packet = 0;
	snprintf(path, sizeof(path), "%s/%u", dir, number++);
	file = fopen(path, "w");
	if (!file) {
		perror(path);
		return;
	}
	for (i = 0; i < TABLE; i++) {
		n = (blocks[i].executed - blocks[i].before) * blocks[i].insns;
		if (n)
			fprintf(file, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", blocks[i].address, n, blocks[i].lines);
	}
	fclose(file);
}

/* 0: it is none */
static unsigned char mark_of(const struct qemu_plugin_insn *insn)
{
	const unsigned char *data = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != sizeof(mark) + 1 || memcmp(data, mark, sizeof(mark)))
		return 0;
	return data[sizeof(mark)];
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	/* Programs, whose addresses differ from run to run, are one block. */
	bool kernel = address >> 63;
	struct block *block = block_of(kernel ? address : 0, kernel ? n : 1);

	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &block->executed, kernel ? 1 : n);
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_mem_cb(insn, touch, CB_NO_REGS, MEM_RW, block);
		switch (mark_of(insn)) {
		case MARK_BEGIN:
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, CB_NO_REGS, NULL);
			break;
		case MARK_PACKET:
			qemu_plugin_register_vcpu_insn_exec_cb(insn, next_packet, CB_NO_REGS, NULL);
			break;
		case MARK_END:
			qemu_plugin_register_vcpu_insn_exec_cb(insn, end, CB_NO_REGS, NULL);
			break;
		}
	}
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	int i;

	blocks = calloc(TABLE, sizeof(*blocks));
	lines = calloc(TABLE, sizeof(*lines));
	if (!blocks || !lines)
		return -1;
	for (i = 0; i < argc; i++)
		if (!strncmp(argv[i], "dir=", 4))
			dir = strdup(argv[i] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
