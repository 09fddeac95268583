/* Writing networks out: ONNX and freestanding C, each run again before it counts as
 * written. */
#ifndef NASMITH_EXPORT_H
#define NASMITH_EXPORT_H

#include "nasmith/err.h"
#include "nasmith/model.h"
#include "nasmith/plan.h"
#include "nasmith/quantise.h"

#include <stdbool.h>
#include <stdint.h>

/* Write a model as ONNX (opset 17, IR 8). The front section is inside the file: its input
 * is the raw sample [batch,C,H,W] (float; batch symbolic), its output probabilities or
 * targets in the user's units [batch,outputs]. Metadata: labels, data fingerprint, costs.
 * @return NAS_E_IO */
nas_status nas_onnx_write(const nas_model *model, const char *path, nas_err *err);

/* Write an int8 network as ONNX with QuantizeLinear and DequantizeLinear around the same
 * operators, weights int8 per output channel; input and output as above. A runtime that
 * computes the rest in float or in integers of its own rounds some values the other way:
 * each layer differs by at most one unit of its scale.
 * @return NAS_E_IO */
nas_status nas_onnx_write_int8(const nas_quant *quant, const char *path, nas_err *err);

/* Read back a file nas_onnx_write wrote (not ONNX in general) into a model.
 * @return NAS_E_CONFIG for anything else or a damaged file */
nas_status nas_onnx_read(const char *path, nas_model **out, nas_err *err);
nas_status nas_onnx_parse(const void *data, size_t bytes, const char *name,
                          nas_model **out, nas_err *err);

/* Kernels of the C: one copy of each and overlapping tensors, for microcontrollers; or
 * compiled into each call with its shapes as constants, in the vector extensions of gcc
 * and clang, for edge CPUs (int8: the same kernels, compiled into each call). */
typedef enum nas_c_profile { NAS_C_MCU, NAS_C_HOST } nas_c_profile;

/* How the C files are written. */
typedef struct nas_c_options {
    nas_c_profile profile;
    const char *prefix;     /* of every symbol and file; default "net" */
    const nas_quant *quant; /* int8: the model's int8 form; NULL: 32-bit floats */
    const float *sample;    /* [n_samples][C*H*W] raw inputs for the self-test, or NULL */
    int n_samples;
    const char *note; /* one line for the header: command, scores; or NULL */
} nas_c_options;

/* Write PREFIX.h, PREFIX.c, PREFIX_weights.c, PREFIX_selftest.c, Makefile, README.md and
 * what CMake, Arduino and Zephyr need into a folder (created; files replaced atomically).
 * C99, no malloc, no stdio, no libm, one static arena of PREFIX_ARENA_BYTES = the
 * planner's number, or the caller's. API: int PREFIX_run(const float *in, float *out);
 * raw sample in, probabilities or targets out; int PREFIX_run_arena(void *arena, size_t
 * bytes, const float *in, float *out); int PREFIX_selftest(void). Int8: no float in them;
 * in and out are int8_t, and PREFIX_convert.c converts between them and what the float
 * network takes and gives. */
nas_status nas_c_write(const nas_model *model, const nas_c_options *options,
                       const char *folder, nas_err *err);

/* What the C files of a network consist of, counted without writing them. */
enum { NAS_C_MOST_PARTS = 64, NAS_C_MOST_ARGUMENTS = 8 };
typedef struct nas_c_size {
    int64_t table_bytes;        /* weights and other constant tables */
    int64_t parameter_bytes;    /* constants of the calls */
    int64_t parameter_bytes_32; /* the same where each begins at a multiple of 32 */
    int calls[NAS_C_MOST_ARGUMENTS + 1]; /* of kernels, by their number of arguments */
    const char *parts[NAS_C_MOST_PARTS]; /* names of runtime files: first `helpers` that
                                            kernels are built from, then the kernels */
    int n_parts, helpers;
} nas_c_size;

/* Count a planned network as a classifier.
 * @param program  not changed; complete, that is not rejected by its planner
 * @param arena    for the work
 * @return NAS_E_NOMEM */
nas_status nas_c_count(nas_program *program, nas_arena *arena, nas_c_size *out,
                       nas_err *err);

/* Bytes of tables that the C of a network does not hold because others are equal to them
 * bit for bit; flash is priced before there are weights, and is less by so much.
 * @param quant  or NULL: floats
 * @return as nas_runtime_new */
nas_status nas_c_shared_bytes(const nas_model *model, const nas_quant *quant,
                              int64_t *out, nas_err *err);

/* What a check of exported files found. */
typedef struct nas_verify_result {
    bool compiled;    /* false: no C compiler on this machine */
    int64_t n;        /* rows compared */
    double max_error; /* max |exported - engine| / max(1, |engine|); int8: of the integers
                         against the reference interpreter */
    int64_t argmax_differs; /* rows; int8: from the float network, which is no failure */
    char compiler[64];
    int64_t
        flash_bytes; /* .text + .rodata + .data of the objects, from `size`; 0 unknown */
    int64_t ram_bytes; /* .bss + .data of the objects plus stack; 0 unknown */
} nas_verify_result;

/* Compile the C files with the system's `cc -std=c99 -O2` into a temporary folder, run
 * their self-test and `n` raw rows in a process of their own, and compare: floats with
 * `expected`, int8 with the reference interpreter, bit for bit.
 * @param options   those they were written with
 * @param inputs    [n][C*H*W]; @param expected  [n][outputs] from the engine
 * @return NAS_OK with compiled = false when there is no compiler; NAS_E_VERIFY beyond
 *         1e-4 or with another argmax, or a differing integer */
nas_status nas_c_verify(const nas_model *model, const nas_c_options *options,
                        const char *folder, const float *inputs, const float *expected,
                        int64_t n, nas_verify_result *out, nas_err *err);

/* Read the ONNX file back, run it through the reference interpreter (plain loops, own of
 * this layer) and compare as above. */
nas_status nas_onnx_verify(const char *path, const float *inputs, const float *expected,
                           int64_t n, nas_verify_result *out, nas_err *err);

/* The same for nas_onnx_write_int8: `expected` are the int8 kernels' outputs. max_error
 * is a share of the output's range: 1/256 for one unit.
 * @return NAS_E_VERIFY when more than 2 % of at least 50 rows get another class, or
 *         outputs differ by more than 4 units on average */
nas_status nas_onnx_verify_int8(const nas_quant *quant, const char *path,
                                const float *inputs, int64_t n, nas_verify_result *out,
                                nas_err *err);

/* Reference interpreter: run a model's graph on raw rows with naive double-accumulating
 * loops, written to be obviously right. The twin of engine and generated code in tests.
 * @param inputs  [n][C*H*W] raw; @param outputs  [n][n_outputs] probabilities or targets
 *                in the user's units */
nas_status nas_reference_run(const nas_model *model, const float *inputs, int64_t n,
                             float *outputs, nas_err *err);

/* ---- the shipped kernels in this process ------------------------------------------- */

/* A model as the generated C would run it: the same kernels, order, offsets and packed
 * weights. Used to time steps for the latency table and to test without a compiler. */
typedef struct nas_runtime nas_runtime;

/* @param model  must outlive the runtime; of its fields only graph, weights, task,
 *               n_outputs and the target scaling are read
 * @param out  Ownership: caller, nas_runtime_free
 * @return NAS_E_GRAPH for outputs that do not fit or weights that are not finite;
 *         NAS_E_UNSUPPORTED beyond 2^31 weights or bytes */
nas_status nas_runtime_new(const nas_model *model, nas_runtime **out, nas_err *err);
/* The same of an int8 network, which must outlive the runtime; raw samples in and values
 * in the user's units out, as for floats. */
nas_status nas_runtime_new_int8(const nas_quant *quant, nas_runtime **out, nas_err *err);
void nas_runtime_free(nas_runtime *runtime);

/* Its plan; nas_runtime_step counts these steps. Borrowed. */
const nas_program *nas_runtime_program(const nas_runtime *runtime);

/* Run one raw sample. @param in  [C][H][W]; @param out  [n_outputs] */
void nas_runtime_run(nas_runtime *runtime, const float *in, float *out);

/* Run one step again on what lies in the arena, to time it. */
void nas_runtime_step(nas_runtime *runtime, int step);

#endif
