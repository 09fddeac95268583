# tests/LAYER/test_X.c    program test_X, linked with nasmith_LAYER and cmocka
# tests/LAYER/*.sh        run with NASMITH=path of the program
# tests/tools/*.sh        the same, for the scripts of tools/
# fuzz/fuzz_X.c           libFuzzer program, or a replay of fuzz/corpus/X under ctest; its
#                         first line says what it links: /* layer: LAYER
pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)

function(nasmith_test_program layer source)
    get_filename_component(name ${source} NAME_WE)
    if(TARGET ${name})
        string(REGEX REPLACE "^test_" "test_${layer}_" name ${name})
    endif()
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE nasmith_${layer} nasmith_flags PkgConfig::cmocka)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${name} PRIVATE
                               NASMITH_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                               NASMITH_BINARY_DIR="${PROJECT_BINARY_DIR}")
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${layer} TIMEOUT 400)
endfunction()

function(nasmith_test_script layer script)
    get_filename_component(name ${script} NAME_WE)
    add_test(NAME ${layer}_${name} COMMAND ${script}
             WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${layer}_${name} PROPERTIES LABELS ${layer} TIMEOUT 400
        SKIP_RETURN_CODE 77
        ENVIRONMENT "NASMITH=${PROJECT_BINARY_DIR}/nasmith;NASMITH_BUILD=${PROJECT_BINARY_DIR}")
endfunction()

function(nasmith_fuzz_program source)
    get_filename_component(name ${source} NAME_WE)
    string(REPLACE fuzz_ "" corpus ${name})
    nasmith_layer_of(${source} layer)
    if(NASMITH_FUZZ)
        add_executable(${name} ${source})
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    else()
        add_executable(${name} ${source} ${PROJECT_SOURCE_DIR}/tests/fuzz_replay.c)
        add_test(NAME ${name} COMMAND ${name} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${corpus})
        set_tests_properties(${name} PROPERTIES LABELS "${layer};fuzz" TIMEOUT 120)
    endif()
    target_link_libraries(${name} PRIVATE nasmith_${layer} nasmith_flags)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
endfunction()

foreach(layer IN LISTS NASMITH_LAYERS ITEMS bad tools)
    file(GLOB programs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${layer}/test_*.c)
    foreach(source IN LISTS programs)
        nasmith_test_program(${layer} ${source})
    endforeach()
    file(GLOB scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${layer}/*.sh)
    foreach(script IN LISTS scripts)
        nasmith_test_script(${layer} ${script})
    endforeach()
endforeach()

file(GLOB fuzzers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/fuzz_*.c)
foreach(source IN LISTS fuzzers)
    nasmith_fuzz_program(${source})
endforeach()
