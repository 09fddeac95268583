# onnx_proto: protobuf-c code of the official onnx.proto, generated at build time. Include
# as "onnx.pb-c.h".
find_program(PROTOC_C protoc-c REQUIRED)
find_path(ONNX_PROTO_DIR onnx.proto PATH_SUFFIXES onnx REQUIRED)

set(onnx_dir ${PROJECT_BINARY_DIR}/generated/onnx)
file(MAKE_DIRECTORY ${onnx_dir})
add_custom_command(
    OUTPUT ${onnx_dir}/onnx.pb-c.c ${onnx_dir}/onnx.pb-c.h
    COMMAND ${PROTOC_C} --c_out=${onnx_dir} -I ${ONNX_PROTO_DIR} onnx.proto
    DEPENDS ${ONNX_PROTO_DIR}/onnx.proto
    COMMENT "Generating ONNX code"
    VERBATIM)
add_library(onnx_proto STATIC ${onnx_dir}/onnx.pb-c.c ${onnx_dir}/onnx.pb-c.h)
target_include_directories(onnx_proto SYSTEM PUBLIC ${onnx_dir})
target_link_libraries(onnx_proto PUBLIC PkgConfig::protobufc)
target_compile_options(onnx_proto PRIVATE -w)
