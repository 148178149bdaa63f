/* SPDX-License-Identifier: Apache-2.0 */

/* A sensor that is simulated, for what dts/bindings describes: temperature and humidity go
 * up and down in steps, with different periods, so that no two samples in a row are alike.
 */

#define DT_DRV_COMPAT secure_sockets_simulated_sensor

#include <errno.h>

#include <zephyr/device.h>
#include <zephyr/drivers/sensor.h>

struct simulated_data {
	/* How many samples were taken. */
	uint32_t taken;
};

/* Up from `low` and down again, `steps` of `step` each way: all in thousandths. */
static int64_t wave(uint32_t taken, int64_t low, int64_t step, uint32_t steps)
{
	uint32_t at = taken % (2 * steps);

	return low + step * (at <= steps ? at : 2 * steps - at);
}

static int simulated_sample_fetch(const struct device *dev, enum sensor_channel channel)
{
	struct simulated_data *data = dev->data;

	ARG_UNUSED(channel);
	data->taken++;
	return 0;
}

static int simulated_channel_get(const struct device *dev, enum sensor_channel channel,
				 struct sensor_value *value)
{
	const struct simulated_data *data = dev->data;

	switch (channel) {
	case SENSOR_CHAN_AMBIENT_TEMP:
		/* From -1 to 24 degrees Celsius. */
		return sensor_value_from_milli(value, wave(data->taken, -1000, 625, 40));
	case SENSOR_CHAN_HUMIDITY:
		/* From 35 to 80 percent. */
		return sensor_value_from_milli(value, wave(data->taken, 35000, 2500, 18));
	default:
		return -ENOTSUP;
	}
}

static DEVICE_API(sensor, simulated_api) = {
	.sample_fetch = simulated_sample_fetch,
	.channel_get = simulated_channel_get,
};

#define SIMULATED_SENSOR(instance)                                                                 \
	static struct simulated_data simulated_data_##instance;                                    \
	SENSOR_DEVICE_DT_INST_DEFINE(instance, NULL, NULL, &simulated_data_##instance, NULL,       \
				     POST_KERNEL, CONFIG_SENSOR_INIT_PRIORITY, &simulated_api);

DT_INST_FOREACH_STATUS_OKAY(SIMULATED_SENSOR)
