# SPDX-License-Identifier: Apache-2.0
#
# What the library cannot do without, and an application's Kconfig may have left out: said here,
# before anything is compiled that would fail for it. What it must not do without for other reasons
# firmware/zephyr-backend/build.rs looks at.

function(secure_sockets_needs symbol why)
  if(NOT CONFIG_${symbol})
    message(FATAL_ERROR "CONFIG_SECURE_SOCKETS=y needs CONFIG_${symbol}=y: ${why}. "
      "docs/your-application.md")
  endif()
endfunction()

if(NOT CONFIG_SECURE_SOCKETS_DEFAULTS)
  message(FATAL_ERROR "CONFIG_SECURE_SOCKETS=y needs a Kconfig in the application's directory, "
    "with these two lines, for the defaults of Zephyr's symbols:\n"
    "  source \"$(ZEPHYR_SECURE_SOCKETS_MODULE_DIR)/zephyr/Kconfig.defaults\"\n"
    "  source \"Kconfig.zephyr\"\n"
    "docs/your-application.md")
endif()

secure_sockets_needs(RUST "what calls it is written in Rust")
secure_sockets_needs(RUST_ALLOC "it allocates")
secure_sockets_needs(NET_SOCKETS "it is built on Zephyr's sockets")

if(NOT CONFIG_SECURE_SOCKETS_TLS_OFFLOADED)
  secure_sockets_needs(NET_SOCKETS_SOCKOPT_TLS "TLS is that of Zephyr's sockets")
  secure_sockets_needs(MBEDTLS_BUILTIN "it stands between Zephyr and its Mbed TLS")
  secure_sockets_needs(MBEDTLS_ENABLE_HEAP "CONFIG_MBEDTLS_HEAP_SIZE is what is reserved for TLS")
  # Whether it is read, shim/wraps.c tells: another file may include it.
  if(NOT CONFIG_MBEDTLS_USER_CONFIG_FILE)
    message(FATAL_ERROR "CONFIG_SECURE_SOCKETS=y needs CONFIG_MBEDTLS_USER_CONFIG_ENABLE=y and "
      "CONFIG_MBEDTLS_USER_CONFIG_FILE=\"secure-sockets-mbedtls.h\", or a file that includes it. "
      "docs/your-application.md")
  endif()
endif()
