# SPDX-License-Identifier: Apache-2.0

include(${ZEPHYR_NRF9160}/config.cmake)
