/* SPDX-License-Identifier: Apache-2.0 */

/* The sensor that the devicetree calls sensor0. */

#include <errno.h>

#include <zephyr/device.h>
#include <zephyr/drivers/sensor.h>

#include "ss.h"

/* In the order of src/sensor.rs. */
static const enum sensor_channel channels[SS_QUANTITIES] = {
	[SS_TEMPERATURE] = SENSOR_CHAN_AMBIENT_TEMP,
	[SS_HUMIDITY] = SENSOR_CHAN_HUMIDITY,
};

int32_t ss_sensor_sample(int64_t milli[SS_QUANTITIES], uint32_t *there)
{
	const struct device *sensor = DEVICE_DT_GET(DT_ALIAS(sensor0));
	struct sensor_value value;
	int error;

	*there = 0;
	if (!device_is_ready(sensor)) {
		return -ENODEV;
	}
	error = sensor_sample_fetch(sensor);
	if (error != 0) {
		return error;
	}
	for (size_t quantity = 0; quantity < SS_QUANTITIES; quantity++) {
		error = sensor_channel_get(sensor, channels[quantity], &value);
		if (error == -ENOTSUP) {
			continue;
		}
		if (error != 0) {
			return error;
		}
		milli[quantity] = sensor_value_to_milli(&value);
		*there |= BIT(quantity);
	}
	return 0;
}
