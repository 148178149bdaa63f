/* SPDX-License-Identifier: Apache-2.0 */

/* The calendar clock that Mbed TLS checks dates against. */

#include <zephyr/kernel.h>

#if defined(CONFIG_MBEDTLS)
#include <mbedtls/build_info.h>
#include <mbedtls/platform_time.h>
#endif

#if defined(CONFIG_POSIX_TIMERS) && !defined(CONFIG_ARCH_POSIX)
#include <zephyr/posix/time.h>
#endif

#include "ss.h"

#if defined(MBEDTLS_HAVE_TIME) && defined(MBEDTLS_PLATFORM_TIME_MACRO)

/* When the system started, in milliseconds since 1970: it is set once, and the kernel's
 * uptime does the rest. Handshakes read it on several threads while another sets it, and
 * a core of 32 bits takes two steps for it.
 */
static struct k_spinlock lock;
static int64_t started;
static bool is_set;

static bool read_clock(int64_t *seconds)
{
	k_spinlock_key_t key = k_spin_lock(&lock);
	bool was_set = is_set;

	/* Until it is set it shows 1970. */
	*seconds = (started + k_uptime_get()) / MSEC_PER_SEC;
	k_spin_unlock(&lock, key);
	return was_set;
}

/* What Mbed TLS calls for the time: mbedtls/secure-sockets-mbedtls.h. */
time_t ss_time(time_t *timer)
{
	int64_t now;

	(void)read_clock(&now);
	if (timer != NULL) {
		*timer = now;
	}
	return now;
}

int64_t ss_clock(void)
{
	int64_t now;

	return read_clock(&now) ? now : -1;
}

bool ss_clock_set(int64_t ms)
{
	k_spinlock_key_t key = k_spin_lock(&lock);

	started = ms - k_uptime_get();
	is_set = true;
	k_spin_unlock(&lock, key);
	return true;
}

#elif defined(MBEDTLS_HAVE_TIME)

int64_t ss_clock(void)
{
	return mbedtls_time(NULL);
}

bool ss_clock_set(int64_t ms)
{
#if defined(CONFIG_POSIX_TIMERS)
	struct timespec now = {
		.tv_sec = ms / MSEC_PER_SEC,
		.tv_nsec = ms % MSEC_PER_SEC * NSEC_PER_MSEC,
	};

	return clock_settime(CLOCK_REALTIME, &now) == 0;
#else
	ARG_UNUSED(ms);
	return false;
#endif
}

#else

int64_t ss_clock(void)
{
	return -1;
}

bool ss_clock_set(int64_t ms)
{
	ARG_UNUSED(ms);
	return false;
}

#endif
