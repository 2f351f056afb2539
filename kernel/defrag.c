// SPDX-License-Identifier: GPL-2.0
/* defrag: IPv4 by the stack's ip_defrag() as ip_vs has it, IPv6 by nf_defrag_ipv6's hooks */
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <net/ip.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include "defrag.h"
#include "net.h"

/*
 * nf_defrag_ipv6 is a module on many kernels and a plain insmod loads none: it is asked for here and its symbols are
 * resolved at run time. A namespace that uses it holds one reference to the module.
 */
void weir_defrag_get(struct weir_net *wn)
{
	int (*enable)(struct net *net);

	enable = symbol_get(nf_defrag_ipv6_enable);
	if (!enable) {
		request_module("nf_defrag_ipv6");
		enable = symbol_get(nf_defrag_ipv6_enable);
	}
	if (enable && !enable(wn->net)) {
		wn->defrag6 = true;
		return;
	}
	if (enable)
		symbol_put(nf_defrag_ipv6_enable);
	pr_notice_once("weir: nf_defrag_ipv6 cannot be had: IPv6 fragments are left to the host\n");
}

/* The namespace may be dying: nf_defrag_ipv6 has unregistered by itself then and its count of users is 0, which it checks. */
void weir_defrag_put(struct weir_net *wn)
{
	void (*disable)(struct net *net);

	if (!wn->defrag6)
		return;
	wn->defrag6 = false;
	disable = symbol_get(nf_defrag_ipv6_disable);
	if (disable) {
		disable(wn->net);
		symbol_put(nf_defrag_ipv6_disable);
	}
	symbol_put(nf_defrag_ipv6_enable);
}

bool weir_defrag_ipv4(struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (!ip_is_fragment(iph))
		return true;
	if (iph->protocol != IPPROTO_TCP && iph->protocol != IPPROTO_UDP && iph->protocol != IPPROTO_ICMP)
		return true;
	if (ip_defrag(state->net, skb, state->hook == NF_INET_FORWARD ? IP_DEFRAG_VS_FWD : IP_DEFRAG_VS_OUT))
		return false;
	ip_send_check(ip_hdr(skb));
	/* It leaves in fragments no larger than those that it came in, with DF or without. */
	skb->ignore_df = 1;
	return true;
}
