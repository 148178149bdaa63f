/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An Arm core that QEMU emulates: the command line, the computer's files and clock, and
 * the way out, by semihosting (https://github.com/ARM-software/abi-aa, semihosting.rst).
 * On a core that nobody watches its first call is a fault.
 */

#include <string.h>

#include <zephyr/arch/common/semihost.h>
#include <zephyr/init.h>
#include <zephyr/sys/util.h>

#include "ss.h"

/* Zephyr's enum semihost_instr does without: semihosting.rst, SYS_EXIT_EXTENDED. */
#define SYS_EXIT_EXTENDED             0x20
#define ADP_STOPPED_APPLICATION_EXIT  0x20026
#define SEPARATOR                     " --"

static const char *const names[] = {
#define OPTION(name, ...) name "=",
#define SWITCH(name, ...) name,
#include "options.h"
#undef OPTION
#undef SWITCH
};

/* The words of the command line, each with a NUL. Written before main(), and never again. */
static char line[4096];
static const char *values[ARRAY_SIZE(names)];
static const char *unknown;

static void take(const char *option)
{
	for (size_t index = 0; index < ARRAY_SIZE(names); index++) {
		size_t length = strlen(names[index]);
		const char *value = option + length;

		if (strncmp(option, names[index], length) == 0 &&
		    (names[index][length - 1] == '=' || *value == '\0')) {
			values[index] = value;
			return;
		}
	}
	unknown = option;
}

/* QEMU puts single spaces between its `arg`s: an option ends where the next one begins, so
 * that a value may have spaces. Without any it passes the program's name.
 */
static int read_command_line(void)
{
	struct {
		char *buffer;
		size_t length;
	} arguments = {line + 1, sizeof(line) - 1};
	char *option;

	line[0] = ' ';
	if (semihost_exec(SEMIHOST_GET_CMDLINE, &arguments) != 0) {
		unknown = "a command line that is too long";
		return 0;
	}
	option = strstr(line, SEPARATOR);
	if (option != NULL && option != line) {
		*option = '\0';
		unknown = line + 1;
		return 0;
	}
	while (option != NULL) {
		char *next = strstr(option + strlen(SEPARATOR), SEPARATOR);

		if (next != NULL) {
			*next = '\0';
		}
		take(option + strlen(SEPARATOR));
		option = next;
	}
	return 0;
}

SYS_INIT(read_command_line, APPLICATION, 0);

const char *ss_hosted_option(size_t index)
{
	return index < ARRAY_SIZE(values) ? values[index] : NULL;
}

const char *ss_hosted_unknown(void)
{
	return unknown;
}

static int64_t last_error(void)
{
	return -(int64_t)semihost_exec(SEMIHOST_ERRNO, NULL);
}

int64_t ss_hosted_read(const char *path, void *buffer, size_t max)
{
	long file = semihost_open(path, SEMIHOST_OPEN_RB);
	int64_t length;

	if (file < 0) {
		return last_error();
	}
	length = semihost_flen(file);
	if (length < 0) {
		length = last_error();
	} else if (length > 0 && (size_t)length <= max &&
		   semihost_read(file, buffer, (long)length) != length) {
		length = last_error();
	}
	(void)semihost_close(file);
	return length;
}

int64_t ss_hosted_time(void)
{
	/* Unsigned: semihosting.rst, SYS_TIME. */
	return (uint32_t)semihost_exec(SEMIHOST_TIME, NULL);
}

void ss_hosted_exit(int32_t status)
{
	long arguments[] = {ADP_STOPPED_APPLICATION_EXIT, status};

	(void)semihost_exec((enum semihost_instr)SYS_EXIT_EXTENDED, arguments);
}
