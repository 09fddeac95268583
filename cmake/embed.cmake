# nasmith_embed(LAYER NAME DIRECTORY): put every file of DIRECTORY into library
# nasmith_LAYER as the table `nas_embedded_NAME` (type nas_embedded of base/embed.h, sorted
# by file name, ended by an entry whose name is NULL). Nothing happens while the layer has
# no code or the directory no file.
function(nasmith_embed layer name directory)
    get_target_property(type nasmith_${layer} TYPE)
    file(GLOB files LIST_DIRECTORIES false CONFIGURE_DEPENDS
         ${PROJECT_SOURCE_DIR}/${directory}/*)
    if(type STREQUAL INTERFACE_LIBRARY OR NOT files)
        return()
    endif()
    list(SORT files)
    set(output ${PROJECT_BINARY_DIR}/generated/embedded_${name}.c)
    add_custom_command(
        OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DOUTPUT=${output} "-DFILES=${files}"
                -P ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
        DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
        COMMENT "Embedding ${directory}"
        VERBATIM)
    target_sources(nasmith_${layer} PRIVATE ${output})
endfunction()
