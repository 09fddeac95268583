# nasmith_layer(NAME [EXTERNAL LIBRARY...]): static library nasmith_NAME from src/NAME/,
# linked with all layers declared before it. A layer without code is an empty interface.
# Not compiled here: main.c (the program), kernels/ (cmake/kernels.cmake), runtime/ and
# assets/ (embedded as text). src/NAME/layer.cmake, if present, is included at the end.
set(NASMITH_LAYERS "" CACHE INTERNAL "")
function(nasmith_layer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "EXTERNAL")
    set(folder ${PROJECT_SOURCE_DIR}/src/${name})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.c)
    list(FILTER sources EXCLUDE REGEX "${folder}/(main\\.c$|kernels/|runtime(8|_host)?/|assets/)")
    list(TRANSFORM NASMITH_LAYERS PREPEND nasmith_ OUTPUT_VARIABLE earlier)
    list(REVERSE earlier)
    if(sources)
        add_library(nasmith_${name} STATIC ${sources})
        target_link_libraries(nasmith_${name} PRIVATE nasmith_flags
                              PUBLIC ${earlier} ${arg_EXTERNAL})
        target_include_directories(nasmith_${name} PUBLIC
                                   ${PROJECT_SOURCE_DIR}/include
                                   ${PROJECT_BINARY_DIR}/generated)
    else()
        add_library(nasmith_${name} INTERFACE)
        target_link_libraries(nasmith_${name} INTERFACE ${earlier} ${arg_EXTERNAL})
    endif()
    set(NASMITH_LAYERS ${NASMITH_LAYERS} ${name} CACHE INTERNAL "")
    include(${folder}/layer.cmake OPTIONAL)
endfunction()

# The layer a program of fuzz/ or bench/ links, from its first line.
function(nasmith_layer_of source out)
    file(STRINGS ${source} first LIMIT_COUNT 1)
    if(NOT first MATCHES "layer: ([a-z]+)")
        message(FATAL_ERROR "${source}:1: first line must be '/* layer: NAME', "
                            "the layer to link with")
    endif()
    set(${out} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()
