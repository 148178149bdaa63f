# SPDX-License-Identifier: Apache-2.0
#
# What cargo has built already in another build, SECURE_SOCKETS_CARGO_FROM, a directory that
# this repository's own application was built in (scripts/check-zephyr.sh, build-boards.sh).

function(secure_sockets_take_cargo to)
  if(SECURE_SOCKETS_CARGO_FROM AND NOT EXISTS ${to})
    _rust_map_target()
    execute_process(
      COMMAND ${ZEPHYR_SECURE_SOCKETS_MODULE_DIR}/scripts/take-cargo.sh
        ${SECURE_SOCKETS_CARGO_FROM}/firmware/rust/target ${to} ${RUST_TARGET}
      COMMAND_ERROR_IS_FATAL ANY
    )
  endif()
endfunction()

# Where an application has its own that calls rust_cargo_application() in its own directory.
if(NOT CONFIG_SECURE_SOCKETS_APPLICATION)
  secure_sockets_take_cargo(${APPLICATION_BINARY_DIR}/rust/target)
endif()
