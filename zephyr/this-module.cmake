# SPDX-License-Identifier: Apache-2.0
#
# Names this repository as a module, for this repository's own application: include it before
# find_package(Zephyr). Where west lists it already, since it is the manifest repository, it is
# still one module. In the cache, and with those that are named in any other way: Zephyr takes the
# first of the two variables and of cache and environment, and no more.
set(modules
  ${EXTRA_ZEPHYR_MODULES} ${ZEPHYR_EXTRA_MODULES}
  $ENV{EXTRA_ZEPHYR_MODULES} $ENV{ZEPHYR_EXTRA_MODULES}
)
get_filename_component(this_module ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
list(APPEND modules ${this_module})
list(REMOVE_DUPLICATES modules)
set(EXTRA_ZEPHYR_MODULES "${modules}" CACHE INTERNAL "Modules beside those of west")
unset(modules)
unset(this_module)
