# Compiler settings of every file but generated code: target nasmith_flags.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# Asserts stay: they are cheap outside the kernels and stop a wrong result early.
# Debian 12's valgrind reads clang's debug information only in DWARF 4.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g -gdwarf-4")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g -gdwarf-4")

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(NASMITH_X86 TRUE)
    add_compile_options(-march=x86-64)
endif()

# Results must not depend on where a compiler happens to fuse a multiply and an add.
add_compile_options(-ffp-contract=off)

if(NASMITH_SANITIZE)
    add_compile_options(-fsanitize=${NASMITH_SANITIZE} -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${NASMITH_SANITIZE})
endif()
if(NASMITH_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

add_library(nasmith_flags INTERFACE)
target_compile_definitions(nasmith_flags INTERFACE _GNU_SOURCE)
target_include_directories(nasmith_flags INTERFACE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src
    ${PROJECT_BINARY_DIR}/generated)
target_compile_options(nasmith_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wundef -Wwrite-strings -Wpointer-arith -Wcast-qual
    -Wformat=2 -Wdouble-promotion -Wimplicit-fallthrough)
# Not where programs are built to be used: other compilers know other warnings.
if(NASMITH_WERROR)
    target_compile_options(nasmith_flags INTERFACE -Werror)
endif()
