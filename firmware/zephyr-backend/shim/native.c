/* SPDX-License-Identifier: Apache-2.0 */

/* native_sim: the command line, the computer's files and clock, and the way out. */

#include <zephyr/sys/util.h>

#include <nsi_cmdline.h>
#include <nsi_main.h>
#include <soc.h>

#include "native_host.h"
#include "ss.h"

enum {
#define OPTION(...) +1
#define SWITCH(...) +1
	COUNT = 0
#include "options.h"
#undef OPTION
#undef SWITCH
};

static char *values[COUNT];

/* Those without a value. */
static bool switches[COUNT];

/* The table says where each value goes; add_options() puts that in. */
static struct args_struct_t options[] = {
#define OPTION(option_name, value, description)                                                    \
	{.option = option_name, .name = value, .type = 's', .descript = description},
#define SWITCH(option_name, description)                                                           \
	{.option = option_name, .is_switch = true, .type = 'b', .descript = description},
#include "options.h"
#undef OPTION
#undef SWITCH
	ARG_TABLE_ENDMARKER,
};

static void add_options(void)
{
	for (size_t index = 0; index < COUNT; index++) {
		options[index].dest = options[index].is_switch ? (void *)&switches[index]
							       : (void *)&values[index];
	}
	nsi_add_command_line_opts(options);
}

NATIVE_TASK(add_options, PRE_BOOT_1, 10);

const char *ss_hosted_option(size_t index)
{
	if (index >= COUNT) {
		return NULL;
	}
	return switches[index] ? "" : values[index];
}

const char *ss_hosted_unknown(void)
{
	/* The simulator has ended the program before Zephyr started. */
	return NULL;
}

int64_t ss_hosted_read(const char *path, void *buffer, size_t max)
{
	return ss_host_read(path, buffer, max);
}

int64_t ss_hosted_time(void)
{
	return ss_host_time();
}

void ss_hosted_exit(int32_t status)
{
	nsi_exit(status);
}
