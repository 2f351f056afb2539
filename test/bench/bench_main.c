// SPDX-License-Identifier: GPL-2.0
/*
 * Commands: a line written to /proc/weir_bench is carried out in the writer's namespace; reading the same open file gives the last
 * one's "packets ns".
 */
#include <linux/etherdevice.h>
#include <linux/inet.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "bench.h"

#define LINE_MAX 512
/* A loop that nobody disturbs takes less than this from one look at the clock to the next. */
#define UNDISTURBED_NS 400

/* Spins for @ns and sums up the time that others took: softirqs, timers, work queues. */
static int spin(u64 ns, struct bench_result *result)
{
	u64 start = ktime_get_ns(), last = start, now;

	do {
		cond_resched();
		now = ktime_get_ns();
		if (now - last > UNDISTURBED_NS) {
			result->packets++;
			result->ns += now - last;
		}
		last = now;
		if (signal_pending(current))
			return -EINTR;
	} while (now - start < ns);
	return 0;
}

static int parse_end(char *text, u8 family, union nf_inet_addr *addr, u16 *port)
{
	char *p = strrchr(text, ',');

	if (!p)
		return -EINVAL;
	*p++ = '\0';
	if (kstrtou16(p, 10, port))
		return -EINVAL;
	if (family == AF_INET)
		return in4_pton(text, -1, (u8 *)&addr->ip, -1, NULL) ? 0 : -EINVAL;
	return in6_pton(text, -1, addr->in6.s6_addr, -1, NULL) ? 0 : -EINVAL;
}

/* send DEV SMAC DMAC 4|6 PROTO TCPFLAGS SRC,PORT DST,PORT src|dst FIRST FLOWS COUNT SIZE */
static int parse_send(const char *line, struct bench_flow *flow)
{
	char src[64], dst[64], vary[4];
	int ipv, err;

	if (sscanf(line, "send %15s %hhx:%hhx:%hhx:%hhx:%hhx:%hhx %hhx:%hhx:%hhx:%hhx:%hhx:%hhx %d %hhu %hx %63s %63s %3s %u %u %llu %u",
		   flow->dev, &flow->smac[0], &flow->smac[1], &flow->smac[2], &flow->smac[3], &flow->smac[4],
		   &flow->smac[5], &flow->dmac[0], &flow->dmac[1], &flow->dmac[2], &flow->dmac[3], &flow->dmac[4],
		   &flow->dmac[5], &ipv, &flow->proto, &flow->tcp_flags, src, dst, vary, &flow->first, &flow->flows,
		   &flow->count, &flow->size) != 23)
		return -EINVAL;
	flow->family = ipv == 6 ? AF_INET6 : AF_INET;
	flow->vary_dst = !strcmp(vary, "dst");
	if (!flow->flows || flow->size > 1514 || (flow->proto != IPPROTO_TCP && flow->proto != IPPROTO_UDP))
		return -EINVAL;
	if (flow->proto == IPPROTO_TCP && flow->tcp_flags >> 12 != 5 && flow->tcp_flags >> 12 != 8)
		return -EINVAL;
	err = parse_end(src, flow->family, &flow->src, &flow->sport);
	return err ?: parse_end(dst, flow->family, &flow->dst, &flow->dport);
}

static int command(struct net *net, const char *line, struct bench_result *result)
{
	char dev[16], out[16];
	struct bench_flow flow = {};
	u8 smac[6], dmac[6];
	u64 ns;
	int err;

	if (sscanf(line, "floor %15s %15s %hhx:%hhx:%hhx:%hhx:%hhx:%hhx %hhx:%hhx:%hhx:%hhx:%hhx:%hhx", dev, out,
		   &smac[0], &smac[1], &smac[2], &smac[3], &smac[4], &smac[5], &dmac[0], &dmac[1], &dmac[2], &dmac[3],
		   &dmac[4], &dmac[5]) == 14)
		return bench_hook_add(net, BENCH_FLOOR, dev, out, smac, dmac);
	if (sscanf(line, "drop %15s", dev) == 1)
		return bench_hook_add(net, BENCH_DROP, dev, NULL, NULL, NULL);
	if (sscanf(line, "clear %15s", dev) == 1)
		return bench_hook_del(net, dev, result);
	if (sscanf(line, "count %15s", dev) == 1)
		return bench_hook_count(net, dev, result);
	if (sscanf(line, "spin %llu", &ns) == 1)
		return spin(ns, result);
	err = parse_send(line, &flow);
	return err ?: bench_send(net, &flow, result);
}

static ssize_t bench_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct bench_result *last = ((struct seq_file *)file->private_data)->private;
	char line[LINE_MAX];
	int err;

	if (len >= sizeof(line))
		return -E2BIG;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = '\0';
	memset(last, 0, sizeof(*last));
	err = command(current->nsproxy->net_ns, line, last);
	return err ?: len;
}

static int bench_show(struct seq_file *seq, void *v)
{
	const struct bench_result *last = seq->private;

	seq_printf(seq, "%llu %llu\n", last->packets, last->ns);
	return 0;
}

static int bench_open(struct inode *inode, struct file *file)
{
	struct bench_result *last = kzalloc(sizeof(*last), GFP_KERNEL);
	int err;

	if (!last)
		return -ENOMEM;
	err = single_open(file, bench_show, last);
	if (err)
		kfree(last);
	return err;
}

static int bench_release(struct inode *inode, struct file *file)
{
	kfree(((struct seq_file *)file->private_data)->private);
	return single_release(inode, file);
}

static const struct proc_ops bench_proc_ops = {
	.proc_open	= bench_open,
	.proc_read	= seq_read,
	.proc_write	= bench_write,
	.proc_lseek	= seq_lseek,
	.proc_release	= bench_release,
};

static int __init bench_init(void)
{
	int err;

	err = bench_hook_init();
	if (err)
		return err;
	if (!proc_create("weir_bench", 0600, NULL, &bench_proc_ops)) {
		bench_hook_exit();
		return -ENOMEM;
	}
	return 0;
}

static void __exit bench_exit(void)
{
	remove_proc_entry("weir_bench", NULL);
	bench_hook_exit();
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("weir's benchmark: sender, bare ingress hook and sink");
MODULE_LICENSE("GPL");
