/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Joins the Wi-Fi network of CONFIG_WIFI_CREDENTIALS_STATIC_SSID, once, before main(). Zephyr has
 * the network, and nobody who asks for it. That it is joined again when it was lost is the
 * driver's part (CONFIG_ESP32_WIFI_STA_RECONNECT); who waits for an address is the connection
 * manager (CONFIG_SECURE_SOCKETS_LINK).
 */

#include <zephyr/init.h>
#include <zephyr/logging/log.h>
#include <zephyr/net/net_if.h>
#include <zephyr/net/wifi_mgmt.h>

LOG_MODULE_REGISTER(ss_wifi, LOG_LEVEL_INF);

static int join(void)
{
	struct net_if *interface = net_if_get_wifi_sta();
	int result;

	if (interface == NULL) {
		LOG_ERR("there is no Wi-Fi interface");
		return 0;
	}
	LOG_INF("joining %s", CONFIG_WIFI_CREDENTIALS_STATIC_SSID);
	result = net_mgmt(NET_REQUEST_WIFI_CONNECT_STORED, interface, NULL, 0);
	if (result != 0) {
		LOG_ERR("the Wi-Fi network cannot be joined (error %d)", result);
	}
	return 0;
}

/* net_config's is CONFIG_NET_CONFIG_INIT_PRIO, 95. */
SYS_INIT(join, APPLICATION, 94);
