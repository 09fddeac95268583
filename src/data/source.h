/* What a reader must provide, and what it yields: the only contract between file formats
 * and the rest of the layer. A new format is one file with a `const nas_reader` and one
 * line in registry.c. */
#ifndef NASMITH_DATA_SOURCE_H
#define NASMITH_DATA_SOURCE_H

#include "data/intern.h"

#include "nasmith/data.h"

/* Which part of the data a row belongs to, as far as the files say. */
typedef enum nas_part {
    NAS_PART_ANY, /* not said: nas_split decides */
    NAS_PART_TRAIN,
    NAS_PART_VALIDATION,
    NAS_PART_TEST,
} nas_part;

/* Everything known of each row but its inputs, which are streamed. */
typedef struct nas_rows {
    int64_t n;
    uint8_t *part;      /* [n] nas_part */
    int32_t *labels;    /* [n] class indices; NULL for regression */
    float *targets;     /* [n][n_outputs]; NULL for classification */
    int32_t *groups;    /* [n] or NULL */
    double *times;      /* [n] to split by, or NULL */
    uint8_t *anomalies; /* [n] 1 = anomalous, after the split; or NULL */
    bool timed;         /* parts are said, and follow from the order of time */
} nas_rows;

/* A file that the rows depend on; `name` is relative to the source. */
typedef struct nas_source_file {
    char *path;
    char *name;
} nas_source_file;

/* A column of a table as it is being read. Rows hold NaN where a value is missing, and
 * for categories the number of their text: in `levels` once these are fixed (-1: not
 * among them), until then in `texts`. */
typedef struct nas_source_column {
    bool category;
    nas_intern texts;         /* in order of appearance */
    const nas_intern *levels; /* NULL: not fixed yet */
    int64_t n_missing;        /* rows, of all sources that share the column */
} nas_source_column;

/* What was fixed before a source is read: by the user's options, by the first source when
 * this one holds its test rows, or by a model. */
typedef struct nas_schema {
    const char *label;  /* column name, several with commas between, or NULL */
    const char *task;   /* name of a task, or NULL = infer */
    bool anomaly;       /* classes are asked for to tell one from all others */
    const char *normal; /* that one, or NULL */
    int64_t n_features;
    char *const *feature_names; /* columns wanted, in this order; NULL = all */
    nas_source_column *columns; /* [n_features] what they are; with feature_names, NULL =
                                   plain numbers */
    int64_t n_targets;
    char *const *target_names; /* quantities to predict where `label` is NULL */
    nas_shape shape; /* of one row; c == 0: free. Readers that fit rows to a size or a
                        length fit to this one */
} nas_schema;

typedef struct nas_reader nas_reader;

/* An open source. The reader's `open` fills files; its `describe` fills the rest. All
 * memory is the arena's. */
typedef struct nas_source {
    nas_arena *arena;
    const nas_reader *reader;
    const nas_data_options *options; /* borrowed */
    char *path;
    void *state; /* the reader's own */
    nas_source_file *files;
    int64_t n_files, files_capacity;
    char kind[96];
    nas_task task;
    nas_shape shape;
    nas_element element;
    nas_rows rows;
    int64_t n_outputs;
    char **label_names;
    char **feature_names;       /* tables, else NULL */
    nas_source_column *columns; /* [shape.c] where values may be missing or categories;
                                   shared by the parts of a data set; else NULL */
    int64_t horizon;            /* steps of a forecast; 0: none */
    int64_t *target_channels;   /* [n_outputs / horizon] inputs that are continued */
    bool marked;                /* labels are 0 (normal) and 1, of the task anomaly */
    bool flippable;
    int64_t sample_rate; /* samples per second; 0: not known */
    bool own_groups; /* group numbers count recordings of this source; in another one the
                        same number is another recording */
    char **warnings;
    int64_t n_warnings, warnings_capacity;
} nas_source;

/* Receives the rows of a source in order.
 * @param input  one row of source->element, borrowed during the call */
typedef struct nas_sink {
    nas_status (*row)(void *context, int64_t row, const void *input, nas_err *err);
    void *context;
} nas_sink;

/* A file format. */
struct nas_reader {
    const char *name;
    const char *summary;
    /* Does the content at this path look like the format? Reads a few bytes, never fails.
     * The path may be absent (a data set's name inside a directory). */
    bool (*probe)(const char *path, const nas_data_options *options);
    /* Find the files (nas_source_add_file), read nothing else. */
    nas_status (*open)(nas_source *source, nas_err *err);
    /* Read labels, shape and names; check sizes and counts before allocating. */
    nas_status (*describe)(nas_source *source, const nas_schema *schema, nas_err *err);
    /* Stream all inputs in row order, holding one row at a time. */
    nas_status (*rows)(nas_source *source, const nas_sink *sink, nas_err *err);
};

extern const nas_reader nas_reader_idx;
extern const nas_reader nas_reader_npy;
extern const nas_reader nas_reader_cifar;
extern const nas_reader nas_reader_ts;
extern const nas_reader nas_reader_arff;
extern const nas_reader nas_reader_images;
extern const nas_reader nas_reader_audio;
extern const nas_reader nas_reader_recordings;
extern const nas_reader nas_reader_parts;
extern const nas_reader nas_reader_forecast;
extern const nas_reader nas_reader_windows;
extern const nas_reader nas_reader_tsv;
extern const nas_reader nas_reader_csv;

/* All readers, in the order in which they are asked. */
extern const nas_reader *const nas_readers[];
extern const int nas_n_readers;

/* Find the reader by content and let it open the path.
 * @param options  must outlive the source
 * @param out      Ownership: caller, nas_source_close
 * @return NAS_E_DATA when absent, unreadable or of no known format */
nas_status nas_source_open(const char *path, const nas_data_options *options,
                           nas_source **out, nas_err *err);
void nas_source_close(nas_source *source); /* NULL is fine */

/* The same inside a source that is made of others: `out` lives as long as the arena. */
nas_status nas_source_open_within(nas_arena *arena, const char *path,
                                  const nas_data_options *options, nas_source **out,
                                  nas_err *err);

/* Remember a file that rows depend on. Both strings are copied. */
nas_status nas_source_add_file(nas_source *source, const char *path, const char *name,
                               nas_err *err);

/* Room for one more element in an array of the arena, by doubling.
 * @return the array, perhaps moved, or NULL when memory is out */
void *nas_source_grow(nas_arena *arena, void *items, int64_t n, int64_t *capacity,
                      size_t size);

/* Targets of the task anomaly: the inputs, as floats; a copy in the data set's arena
 * unless they are. */
nas_status nas_dataset_echo(nas_dataset *data, nas_err *err);

/* Let nas_dataset_touch count rows, if the data set's map is large. */
nas_status nas_dataset_watch_pages(nas_dataset *data, nas_err *err);

/* Add one line to the warnings; when memory is out the line is lost. */
void nas_source_warn(nas_source *source, const char *fmt, ...) NAS_PRINTF(2, 3);

/* Express class labels as indices into other names.
 * @param whose  who fixed the names, for the message ("the model")
 * @return NAS_E_DATA naming a class that the names lack */
nas_status nas_source_relabel(nas_source *source, char *const *names, int64_t n,
                              const char *whose, nas_err *err);

/* Fill labels, label_names and n_outputs from numbers: each distinct value is a class, in
 * ascending order.
 * @param values  [rows.n] */
nas_status nas_source_classes_from_integers(nas_source *source, const int64_t *values,
                                            nas_err *err);

/* Number of a named group: the same name is the same group in every source. A whole
 * number is itself, other names are hashed. */
int32_t nas_source_group_number(const char *name);

/* Allocate part (all NAS_PART_ANY) for n rows. */
nas_status nas_rows_init(nas_rows *rows, nas_arena *arena, int64_t n, nas_err *err);

#endif
