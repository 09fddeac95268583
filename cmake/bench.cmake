# bench/bench_X.c: program bench_X, its first line says what it links: /* layer: LAYER
# Built by target `bench` only.
add_custom_target(bench)
file(GLOB programs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/bench_*.c)
foreach(source IN LISTS programs)
    get_filename_component(name ${source} NAME_WE)
    nasmith_layer_of(${source} layer)
    add_executable(${name} EXCLUDE_FROM_ALL ${source})
    target_link_libraries(${name} PRIVATE nasmith_${layer} nasmith_flags)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    add_dependencies(bench ${name})
endforeach()
