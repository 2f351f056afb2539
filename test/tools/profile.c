// SPDX-License-Identifier: GPL-2.0
/*
 * profile: a plugin of QEMU (docs/devel/tcg-plugins of its source) that counts the guest's instructions by the place of their basic
 * block, between the two marks that bench_send() sets around a case's packets. Each pair of marks makes a file, 0, 1, ... in the
 * directory given as dir=: "address instructions" lines. profile.py reads them.
 *
 * Built by scripts/bench --profile. Debian has no header of this interface: what is used of version 1 is declared here.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT		__attribute__((visibility("default")))
#define TABLE		(1u << 20)
#define INLINE_ADD_U64	0
#define CB_NO_REGS	0

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

/* nopl with a displacement that nothing else has: bench_send.c */
static const unsigned char begin_mark[] = { 0x0f, 0x1f, 0x80, 'w', 'e', 'i', '1' };
static const unsigned char end_mark[] = { 0x0f, 0x1f, 0x80, 'w', 'e', 'i', '0' };

struct block {
	uint64_t address;
	uint64_t executed;
	uint64_t before;	/* at the last begin mark */
	uint32_t insns;		/* 0: free */
};

static struct block *blocks;
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

static void begin(unsigned int cpu, void *data)
{
	uint32_t i;

	for (i = 0; i < TABLE; i++)
		blocks[i].before = blocks[i].executed;
}

static void end(unsigned int cpu, void *data)
{
	static unsigned int number;
	char path[4096];
	uint64_t n;
	uint32_t i;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u", dir, number++);
	file = fopen(path, "w");
	if (!file) {
		perror(path);
		return;
	}
	for (i = 0; i < TABLE; i++) {
		n = (blocks[i].executed - blocks[i].before) * blocks[i].insns;
		if (n)
			fprintf(file, "%" PRIx64 " %" PRIu64 "\n", blocks[i].address, n);
	}
	fclose(file);
}

static int is_mark(const struct qemu_plugin_insn *insn, const unsigned char *mark)
{
	return qemu_plugin_insn_size(insn) == sizeof(begin_mark) &&
	       !memcmp(qemu_plugin_insn_data(insn), mark, sizeof(begin_mark));
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;
	struct block *block = block_of(qemu_plugin_tb_vaddr(tb), n);

	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &block->executed, 1);
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (is_mark(insn, begin_mark))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, CB_NO_REGS, NULL);
		else if (is_mark(insn, end_mark))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, end, CB_NO_REGS, NULL);
	}
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	int i;

	blocks = calloc(TABLE, sizeof(*blocks));
	if (!blocks)
		return -1;
	for (i = 0; i < argc; i++)
		if (!strncmp(argv[i], "dir=", 4))
			dir = strdup(argv[i] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
