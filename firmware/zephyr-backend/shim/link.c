/* SPDX-License-Identifier: Apache-2.0 */

/* The link, by Zephyr's connection manager: the same for Ethernet, Wi-Fi and LTE. */

#include <zephyr/kernel.h>
#include <zephyr/net/conn_mgr_connectivity.h>
#include <zephyr/net/conn_mgr_monitor.h>
#include <zephyr/net/net_event.h>
#include <zephyr/net/net_if.h>
#include <zephyr/net/net_mgmt.h>

#include "ss.h"

static struct net_mgmt_event_callback callback;
static K_SEM_DEFINE(came_up, 0, 1);
static atomic_t is_up;

static void on_event(struct net_mgmt_event_callback *registered, uint64_t event,
		     struct net_if *interface)
{
	ARG_UNUSED(registered);
	ARG_UNUSED(interface);
	if (event == NET_EVENT_L4_CONNECTED) {
		atomic_set(&is_up, 1);
		k_sem_give(&came_up);
	} else if (event == NET_EVENT_L4_DISCONNECTED) {
		atomic_set(&is_up, 0);
		/* Not by k_sem_reset(), which ends the wait of whoever waits for it. */
		(void)k_sem_take(&came_up, K_NO_WAIT);
	}
}

#if defined(CONFIG_NET_NATIVE_OFFLOADED_SOCKETS)
/* The simulated interface of native_sim. The connection manager counts an interface that has
 * an address; those that are in use are the computer's, and nobody sees this one (RFC 5737).
 */
static void simulate(struct net_if *interface)
{
	struct in_addr address = {.s4_addr = {192, 0, 2, 1}};
	const k_timeout_t at_once = K_NO_WAIT;

	if (net_if_is_offloaded(interface)) {
		(void)net_if_ipv4_addr_add(interface, &address, NET_ADDR_MANUAL, 0);
		(void)conn_mgr_if_set_opt(interface, 0, &at_once, sizeof(at_once));
	}
}
#endif

/* What connects by itself once it is up, and is, needs no word from us. */
static void start(struct net_if *interface, void *context)
{
	ARG_UNUSED(context);
#if defined(CONFIG_NET_NATIVE_OFFLOADED_SOCKETS)
	simulate(interface);
#endif
	/* Who loses the network is to look for it again. */
	(void)conn_mgr_if_set_flag(interface, CONN_MGR_IF_PERSISTENT, true);
	if (conn_mgr_if_is_bound(interface) &&
	    conn_mgr_if_get_flag(interface, CONN_MGR_IF_NO_AUTO_CONNECT)) {
		(void)conn_mgr_if_connect(interface);
	} else if (!net_if_is_admin_up(interface)) {
		(void)net_if_up(interface);
	}
}

void ss_link_start(void)
{
	net_mgmt_init_event_callback(&callback, on_event,
				     NET_EVENT_L4_CONNECTED | NET_EVENT_L4_DISCONNECTED);
	net_mgmt_add_event_callback(&callback);
	if (IS_ENABLED(CONFIG_NET_TC_THREAD_PREEMPTIVE)) {
		/* The connection manager's thread has yet to start. */
		k_msleep(10);
	}
	net_if_foreach(start, NULL);
	/* What happened before. */
	conn_mgr_mon_resend_status();
}

bool ss_link_wait(uint32_t timeout_ms)
{
	k_timepoint_t end = sys_timepoint_calc(K_MSEC(timeout_ms));

	/* It may have come, and gone again before this thread ran. */
	while (atomic_get(&is_up) == 0 && k_sem_take(&came_up, sys_timepoint_timeout(end)) == 0) {
	}
	return atomic_get(&is_up) != 0;
}

/* The connection manager takes down an interface that gave up. */
static void connect_again(struct net_if *interface, void *context)
{
	ARG_UNUSED(context);
	if (net_if_is_admin_up(interface)) {
		return;
	}
	if (conn_mgr_if_is_bound(interface)) {
		(void)conn_mgr_if_connect(interface);
	} else {
		(void)net_if_up(interface);
	}
}

void ss_link_connect(void)
{
	net_if_foreach(connect_again, NULL);
	/* An event that did not fit into Zephyr's queue is lost. */
	conn_mgr_mon_resend_status();
}

static bool has_address(struct net_if *interface)
{
	if (IS_ENABLED(CONFIG_NET_NATIVE_IPV4) &&
	    net_if_ipv4_get_global_addr(interface, NET_ADDR_PREFERRED) != NULL) {
		return true;
	}
	return IS_ENABLED(CONFIG_NET_NATIVE_IPV6) &&
	       net_if_ipv6_get_global_addr(NET_ADDR_PREFERRED, &interface) != NULL;
}

static void look(struct net_if *interface, void *context)
{
	enum ss_link_lacks *least = context;
	enum ss_link_lacks lacks = SS_LINK_EVENT;

	if (!net_if_is_admin_up(interface)) {
		lacks = SS_LINK_INTERFACE_UP;
	} else if (!net_if_is_carrier_ok(interface)) {
		lacks = SS_LINK_CARRIER;
	} else if (net_if_is_dormant(interface)) {
		lacks = SS_LINK_NETWORK;
	} else if (!has_address(interface)) {
		lacks = SS_LINK_ADDRESS;
	}
	*least = MAX(*least, lacks);
}

int32_t ss_link_lacks(void)
{
	enum ss_link_lacks least = SS_LINK_INTERFACE;

	net_if_foreach(look, &least);
	return least;
}

#if defined(CONFIG_SECURE_SOCKETS_HOSTED)
static uint32_t cut_for_ms;
static bool is_cut;

static void cut_or_mend(struct net_if *interface, void *context)
{
	ARG_UNUSED(context);
	if (is_cut) {
		net_if_carrier_off(interface);
	} else {
		net_if_carrier_on(interface);
	}
}

static void on_time(struct k_work *work)
{
	is_cut = !is_cut;
	net_if_foreach(cut_or_mend, NULL);
	if (is_cut && cut_for_ms > 0) {
		(void)k_work_reschedule(k_work_delayable_from_work(work), K_MSEC(cut_for_ms));
	}
}

static K_WORK_DELAYABLE_DEFINE(cutting, on_time);

void ss_link_cut(uint32_t after_ms, uint32_t for_ms)
{
	cut_for_ms = for_ms;
	if (after_ms == 0) {
		on_time(&cutting.work);
	} else {
		(void)k_work_reschedule(&cutting, K_MSEC(after_ms));
	}
}
#endif
