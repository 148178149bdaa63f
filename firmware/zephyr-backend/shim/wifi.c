/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Wi-Fi for Zephyr's connection manager. Drivers offer themselves to it as CONNECTIVITY_WIFI_MGMT,
 * and Zephyr leaves it to applications to say what that does. Here: joins the networks that Zephyr
 * has credentials of, and joins again when that failed or the network was lost, after a wait that
 * doubles each time, as it does for connections (docs/link.md).
 */

#include <zephyr/logging/log.h>
#include <zephyr/net/conn_mgr/connectivity_wifi_mgmt.h>
#include <zephyr/net/net_if.h>
#include <zephyr/net/wifi_mgmt.h>
#include <zephyr/random/random.h>

LOG_MODULE_REGISTER(ss_wifi, LOG_LEVEL_INF);

#define FIRST_WAIT_MS   1000
#define LONGEST_WAIT_MS 60000

static struct net_mgmt_event_callback callback;
/* One: there is no board here with two. */
static struct net_if *station;
static atomic_t is_wanted;
static uint32_t wait_ms = FIRST_WAIT_MS;

static void join(struct k_work *work);
static K_WORK_DELAYABLE_DEFINE(joining, join);

/* Between half of the wait and all of it, so that not all devices come back at once. */
static void join_later(void)
{
	uint32_t wait = wait_ms / 2 + sys_rand32_get() % (wait_ms / 2 + 1);

	if (atomic_get(&is_wanted) == 0) {
		return;
	}
	LOG_INF("joining in %u ms", wait);
	wait_ms = MIN(2 * wait_ms, LONGEST_WAIT_MS);
	(void)k_work_reschedule(&joining, K_MSEC(wait));
}

static void join(struct k_work *work)
{
	int result;

	ARG_UNUSED(work);
	if (atomic_get(&is_wanted) == 0) {
		return;
	}
	LOG_INF("joining the Wi-Fi network");
	result = net_mgmt(NET_REQUEST_WIFI_CONNECT_STORED, station, NULL, 0);
	/* What comes of it is an event. */
	if (result != 0 && result != -EALREADY) {
		LOG_WRN("the Wi-Fi network cannot be joined (error %d)", result);
		join_later();
	}
}

static void on_event(struct net_mgmt_event_callback *registered, uint64_t event,
		     struct net_if *interface)
{
	const struct wifi_status *status = registered->info;

	if (interface != station) {
		return;
	}
	if (event == NET_EVENT_WIFI_DISCONNECT_RESULT) {
		LOG_WRN("the Wi-Fi network is lost");
		join_later();
	} else if (status->status == 0) {
		LOG_INF("joined the Wi-Fi network");
		wait_ms = FIRST_WAIT_MS;
		(void)k_work_cancel_delayable(&joining);
	} else {
		LOG_WRN("the Wi-Fi network was not joined (status %d)", status->status);
		join_later();
	}
}

static void set_up(struct conn_mgr_conn_binding *const binding)
{
	station = binding->iface;
	/* It stays up when the network is lost, to be joined again. */
	conn_mgr_binding_set_flag(binding, CONN_MGR_IF_PERSISTENT, true);
	net_mgmt_init_event_callback(&callback, on_event,
				     NET_EVENT_WIFI_CONNECT_RESULT |
					     NET_EVENT_WIFI_DISCONNECT_RESULT);
	net_mgmt_add_event_callback(&callback);
}

static int start(struct conn_mgr_conn_binding *const binding)
{
	ARG_UNUSED(binding);
	wait_ms = FIRST_WAIT_MS;
	atomic_set(&is_wanted, 1);
	(void)k_work_reschedule(&joining, K_NO_WAIT);
	return 0;
}

static int stop(struct conn_mgr_conn_binding *const binding)
{
	atomic_set(&is_wanted, 0);
	(void)k_work_cancel_delayable(&joining);
	return net_mgmt(NET_REQUEST_WIFI_DISCONNECT, binding->iface, NULL, 0);
}

static struct conn_mgr_conn_api wifi = {
	.init = set_up,
	.connect = start,
	.disconnect = stop,
};

CONN_MGR_CONN_DEFINE(CONNECTIVITY_WIFI_MGMT, &wifi);
