/* The files of generated C, each as a text. */
#ifndef NASMITH_EXPORT_C_WRITE_H
#define NASMITH_EXPORT_C_WRITE_H

#include "export/c_text.h"
#include "export/calls.h"
#include "nasmith/export.h"

typedef struct nas_c_writer {
    const nas_model *model;
    const nas_c_options *options;
    const nas_calls *calls;
    nas_c_names names;
    int64_t n_inputs;                  /* floats of a sample */
    const float *sample;               /* [n_samples][n_inputs] */
    const float *expected;             /* [n_samples][n_outputs] */
    const int8_t *sample8, *expected8; /* of an int8 network */
    int64_t n_samples;
} nas_c_writer;

void nas_c_write_header(const nas_c_writer *w, nas_text *out);
void nas_c_write_source(const nas_c_writer *w, nas_text *out);
void nas_c_write_weights(const nas_c_writer *w, nas_text *out);
void nas_c_write_convert(const nas_c_writer *w, nas_text *out); /* int8 only */
void nas_c_write_selftest(const nas_c_writer *w, nas_text *out);
void nas_c_write_makefile(const nas_c_writer *w, nas_text *out);
void nas_c_write_readme(const nas_c_writer *w, nas_text *out);
void nas_c_write_cmake(const nas_c_writer *w, nas_text *out);
void nas_c_write_arduino(const nas_c_writer *w, nas_text *out); /* library.properties */
void nas_c_write_zephyr(const nas_c_writer *w, nas_text *out);  /* module.yml */

/* Append a file of the shipped runtime, by name without ending. */
void nas_c_runtime_text(const nas_c_writer *w, nas_text *out, const char *name);

#endif
