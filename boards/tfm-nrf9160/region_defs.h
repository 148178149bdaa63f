/* SPDX-License-Identifier: Apache-2.0 */

/* The original would find the original flash_layout.h, which lies beside it. */
#include "flash_layout.h"
#include_next "region_defs.h"
