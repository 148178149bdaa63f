/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TF-M's layout for the nRF9160 has 192 KiB for the non-secure image, since it keeps room for
 * a second pair of images that a bootloader could swap in. There is no bootloader here, and
 * the first pair gets that room:
 *
 *   0x00000 secure image, TF-M (256 KiB)
 *   0x40000 nothing: the secure image's end, if there were a bootloader before it
 *   0x50000 non-secure image (640 KiB), as boards/nrf9160dk_nrf9160_ns.overlay has it
 *   0xf0000 TF-M's storage, where it always was
 *
 * What the original makes of these macros is expanded where it is used.
 */
#include_next "flash_layout.h"

#ifndef SECURE_SOCKETS_FLASH_LAYOUT_H_
#define SECURE_SOCKETS_FLASH_LAYOUT_H_

#ifdef BL2
#error "there is no room for a second pair of images: CONFIG_TFM_BL2=n"
#endif

#undef FLASH_NS_PARTITION_SIZE
#define FLASH_NS_PARTITION_SIZE (NS_PARTITION_SIZE_IN_ZEPHYR)

#undef FLASH_AREA_2_SIZE
#define FLASH_AREA_2_SIZE (0)

#if FLASH_AREA_0_OFFSET + FLASH_S_PARTITION_SIZE != NS_PARTITION_OFFSET_IN_ZEPHYR
#error "the non-secure image does not begin where Zephyr's device tree has it"
#endif

#if FLASH_PS_AREA_OFFSET != 0xf0000
#error "TF-M's storage does not begin at 0xf0000: another size of the non-secure image"
#endif

#endif
