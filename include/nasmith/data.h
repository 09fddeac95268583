/* Data sets: read once, checked, split, prepared into memory-mapped files.
 *
 * A prepared data set is a folder: `search.nasd` holds the rows a search may see (train
 * and validation), `sealed.nasd` the test rows. Workers get the path of the first only;
 * opening the second needs `data/sealed.h`, which only the search layer may include. */
#ifndef NASMITH_DATA_H
#define NASMITH_DATA_H

#include "nasmith/arena.h"
#include "nasmith/err.h"
#include "nasmith/file.h"
#include "nasmith/graph.h"
#include "nasmith/model.h"
#include "nasmith/rng.h"

#include <stdbool.h>
#include <stdint.h>

/* Element type of stored inputs, as in the source: a quarter of the memory for images. */
typedef enum nas_element {
    NAS_ELEMENT_U8,
    NAS_ELEMENT_I8,
    NAS_ELEMENT_I16,
    NAS_ELEMENT_I32,
    NAS_ELEMENT_F32,
} nas_element;

size_t nas_element_bytes(nas_element element);

/* What is done with data that is read, in this order. */
typedef enum nas_data_step {
    NAS_DATA_COMPARE,  /* with what was prepared before: bytes of all files */
    NAS_DATA_SURVEY,   /* columns, labels, sizes: bytes of a text file, or files */
    NAS_DATA_COLUMNS,  /* levels of categories: rows */
    NAS_DATA_TAKE_OVER /* checked, and written unless it is a check: rows */
} nas_data_step;

typedef struct nas_data_progress {
    nas_data_step step;
    bool bytes;          /* units are bytes; else rows or files */
    int64_t done, total; /* units of this step; total 0: not known */
} nas_data_progress;

/* What the user said about the data; everything else is inferred. */
typedef struct nas_data_options {
    const char *label;     /* column name of a table, or several quantities with commas
                              between; NULL: required for CSV unless the last column is
                              named target, label, class or y */
    const char *drop;      /* columns of a table that are no inputs, with commas between;
                              NULL */
    const char *task;      /* "classification", "regression", "multilabel", "anomaly" or
                              NULL = infer: several targets of 0 and 1 are labels; text
                              labels and integer labels are classes; numbers with a
                              fraction and table columns of more than 20 different numbers
                              are regression targets */
    const char *normal;    /* task anomaly: the class that is trained on; NULL: one called
                              normal, good or ok, else the largest */
    bool decimal_comma;    /* numbers in text files are written as 2,5 */
    double validation;     /* fraction of rows, default 0.15 */
    double test;           /* fraction, used when no test file is given; default 0.15 */
    int64_t folds;         /* the rows that are not tested on are divided into so many
                              parts, each is validated on once; 1: one validation part of
                              the fraction above; 0 (default): 5 below 2,000 rows, where
                              neither files nor times say otherwise, else 1 */
    int64_t repeats;       /* of the folds, divided anew; 0 (default): 3 below 200 rows,
                              else 1 */
    const char *test_path; /* file or folder of test data; NULL */
    uint64_t seed;         /* of the split; default 0 */
    const char *part;      /* nas_data_load_for only: "train", "validation" or "test" of a
                              source whose files name parts; NULL = all rows */
    const char *group;     /* column, or NULL: rows of one value never straddle parts */
    const char *time;      /* column that orders a recording, or the rows of a table: the
                              last are tested on; no input; NULL */
    const char *image_size; /* "32x48" (height, width) or "32"; NULL: as stored, and all
                               images must have one size */
    const char *image_fit;  /* "letterbox" (default, also NULL): the whole image between
                               bars; "crop": its middle */
    int64_t sample_rate;    /* of recordings, in Hz; 0: the lowest among the files. Sound
                               is resampled to it, of other series it is what it says */
    int64_t length;         /* steps of a series, longer ones are cut; 0: the longest */
    int64_t window, step;   /* cut recordings into windows of so many steps, one beginning
                               every `step` (0: as long as a window); window 0: do not */
    int64_t horizon;   /* of a series in one file, a line per step: predict so many next
                          values of the label columns from a window of all; 0: no forecast
                          (window 0 is then 4 horizons, step 0 is 1) */
    const char *names; /* what the parts of file names mean, as "class_group_*"; NULL:
                          folders are classes */

    /* Words of a table that stand for a missing value, beside those of docs/data.md;
     * columns of numbers that are codes of categories ("*": all inputs). Commas between,
     * or NULL. */
    const char *missing, *categories;

    /* Called now and then while data is read, from the reading thread, perhaps thousands
     * of times a second; or NULL. No part of what the data is.
     * @return false to stop: the call fails with NAS_E_INTERRUPTED and leaves nothing */
    bool (*progress)(void *context, const nas_data_progress *progress);
    void *progress_context;
} nas_data_options;

nas_data_options nas_data_options_default(void);

/* Which rows of search.nasd belong to which part, and how it was decided. */
typedef enum nas_split_kind {
    NAS_SPLIT_STRATIFIED,
    NAS_SPLIT_RANDOM, /* regression */
    NAS_SPLIT_GROUP,  /* rows of one group never straddle */
    NAS_SPLIT_TIME,   /* tested on the last, validated on those before */
    NAS_SPLIT_FILES,  /* as the files say */
} nas_split_kind;

/* An opened, memory-mapped part (search or sealed). All pointers are borrowed from the
 * map or owned by the object. Read-only after opening: any thread. */
typedef struct nas_dataset {
    nas_task task;
    nas_shape shape; /* of one row; tables (C,1,1), series (C,1,T) */
    nas_element element;
    int64_t n_rows;
    const void *inputs;       /* [n_rows][C][H][W] of `element`, row-major */
    const int32_t *labels;    /* [n_rows] class indices; classification, else NULL */
    const float *targets;     /* [n_rows][n_outputs]; NULL for classification; of several
                                 labels each 0 or 1 */
    int64_t n_outputs;        /* classes, targets or labels */
    char **label_names;       /* [n_outputs] */
    char **feature_names;     /* [shape.c] for tables, else NULL */
    nas_column *columns;      /* [shape.c] of a table with categories or missing values:
                                 codes and NaN lie in the rows; else NULL */
    const uint8_t *anomalies; /* [n_rows] 1 = anomalous; task anomaly, else NULL. Targets
                                 are then the inputs */
    int64_t horizon; /* of a forecast: outputs are so many next values of each of */
    const int64_t *target_channels; /* [n_outputs / horizon] channels; 0 and NULL: none */
    const int32_t *groups;          /* [n_rows] or NULL */
    const int64_t *train; /* row indices of the training part, shuffled so that every
                             prefix is a stratified sample of it; sealed: NULL */
    int64_t n_train;
    const int64_t *validation; /* ascending */
    int64_t n_validation;
    int folds, repeats; /* 1 and 1: only `train` and `validation`, which else are those
                           of fold 0, repeat 0 */
    const uint8_t *fold_of; /* [repeats][n_rows] where a row is validated on; NULL */
    nas_split_kind split;
    bool flippable;       /* images: mirroring left-right keeps the meaning possible */
    uint64_t fingerprint; /* content of all parts, split and options */
    uint64_t front;       /* 0: inputs are as in the source; else they went through this
                             computed front section (nas_graph_front_key) */
    char *folder;         /* it was opened from, or NULL */
    nas_file_map map;
    struct nas_dataset_pages
        *pages; /* of a large map, whose pages are let go of, or NULL */
    nas_arena *arena;
} nas_dataset;

/* Deal rows out by class: those of each, in the order given, are spread evenly over the
 * whole, so that every prefix is a stratified sample.
 * @param labels  by row, 0..n_classes - 1
 * @param rng     where in its steps each class stands
 * @param rows    [n] in and out
 * @return NAS_E_NOMEM. Memory: 8 bytes a row meanwhile; time: O(n log classes) */
nas_status nas_data_deal(const int32_t *labels, int64_t n_classes, nas_rng *rng,
                         int64_t *rows, int64_t n, nas_err *err);

/* Per-channel affine front section fitted on some rows: mean and 1/deviation; a constant
 * channel gets deviation 1. Images and series share one pair per channel, tables have one
 * per column.
 * @param rows  indices, n >= 1
 * @param mean, inverse_deviation  out, [shape.c] each */
void nas_dataset_fit_standardise(const nas_dataset *data, const int64_t *rows, int64_t n,
                                 float *mean, float *inverse_deviation);

/* What a network for this data reads behind its front section. */
nas_shape nas_dataset_inner_shape(const nas_dataset *data);

/* Fit the front section on some rows. Plain numbers are standardised. A table with
 * `columns` is encoded first (missing numbers become the median, see nas_columns_width);
 * a number of a table some of whose values lie more than 8 deviations from the mean is
 * squashed, so that a long tail does not push all others together.
 * @param plain  do not squash, and so do not encode plain numbers: for int8 networks
 * @param rows   indices, n >= 1
 * @param arena  owns what *out points to */
nas_status nas_dataset_fit_front(const nas_dataset *data, const int64_t *rows, int64_t n,
                                 bool plain, nas_arena *arena, nas_front *out,
                                 nas_err *err);

/* The same rows behind the computed part of a graph's front section (a spectrum), for as
 * long as `data` is open. They are computed once for each setting and kept as a file
 * beside the prepared data, at most 1 GiB of such files; without a folder, or when the
 * disk is full, in memory.
 * @param out  NULL where nothing is to be computed, or where the rows would be more than
 *             1 GiB: nas_net_batch then computes them whenever they are gathered.
 *             Ownership: caller, nas_dataset_close
 * @return NAS_E_NOMEM
 * Cost: once one run of the front section per row; later that of a checksum. */
nas_status nas_dataset_front(const nas_dataset *data, const nas_graph *graph,
                             nas_dataset **out, nas_err *err);

/* nas_dataset_fit_front on rows behind the computed part of a graph's front section;
 * where they are not yet, at most 2,048 of them, the first, are taken through it.
 * @param plain, arena, out  as there
 * @return NAS_E_NOMEM */
nas_status nas_dataset_front_fit(const nas_dataset *data, const nas_graph *graph,
                                 const int64_t *rows, int64_t n, bool plain,
                                 nas_arena *arena, nas_front *out, nas_err *err);

/* Training and validation rows of one fold. */
typedef struct nas_fold {
    const int64_t *train; /* every prefix is a stratified sample */
    int64_t n_train;
    const int64_t *validation; /* ascending */
    int64_t n_validation;
} nas_fold;

/* The rows of a fold, in the arena or borrowed from the data set. Pure function of them.
 * @param fold    < data->folds
 * @param repeat  < data->repeats */
nas_status nas_dataset_fold(const nas_dataset *data, int fold, int repeat,
                            nas_arena *arena, nas_fold *out, nas_err *err);

/* Say that n rows are about to be read through `inputs`. Of a file larger than 256 MiB
 * the pages in memory are let go of now and then (they stay in the system's cache), so
 * that a process does not grow with its data. nas_dataset_row says so itself.
 * Threads: any. */
void nas_dataset_touch(const nas_dataset *data, int64_t n);

/* One row as float, unprocessed. @param out  [C*H*W] */
void nas_dataset_row(const nas_dataset *data, int64_t row, float *out);

/* What was understood of the source, for people. */
typedef struct nas_data_summary {
    char source[256]; /* as given */
    char kind[96];    /* "28x28 grey images, IDX", "table, 8 numeric columns", ... */
    nas_task task;
    nas_shape shape; /* of a row as it is */
    nas_shape inner; /* what a network reads, see nas_dataset_inner_shape */
    nas_element element;
    nas_column *columns;  /* [shape.c] as in nas_dataset, or NULL */
    char **feature_names; /* [shape.c] where `columns` is given, else NULL */
    int64_t n_outputs;
    int64_t n_train, n_validation, n_test;
    int64_t folds, repeats; /* 1 and 1: one validation part */
    int64_t horizon;        /* steps of a forecast; 0: none */
    nas_split_kind split;   /* how validation rows were chosen, and test rows unless: */
    bool test_from_files;   /* test rows are those that the files or test_path name */
    uint64_t seed;          /* of the split */
    int64_t sample_rate;    /* samples per second of a series; 0: not known */
    char **label_names;
    int64_t *class_counts; /* [n_outputs] rows of each class, or that have each label;
                              NULL for regression */
    int64_t n_anomalies;   /* rows of the task anomaly that are not normal */
    double target_min, target_max, target_mean, target_deviation; /* first target */
    int64_t n_warnings;
    char **warnings; /* one line each: skipped files, imbalance, constant column... */
    uint64_t fingerprint;       /* content hash of the sources and the options */
    uint64_t quick_fingerprint; /* names, sizes, mtimes: checked first */
    bool from_cache;
    nas_arena *arena; /* owns the arrays */
} nas_data_summary;

void nas_data_summary_free(nas_data_summary *summary);

/* The fingerprints of a source with these options, as nas_data_prepare would give them,
 * without decoding anything: to compare before a prepared folder is replaced.
 * @param quick    out, from names, sizes and modification times; may be NULL
 * @param content  out, from all bytes of the files; may be NULL
 * @return as nas_data_prepare */
nas_status nas_data_fingerprint(const char *path, const nas_data_options *options,
                                uint64_t *quick, uint64_t *content, nas_err *err);

/* Read `path` (file or folder; format by content), check it, split it and write
 * `folder`/search.nasd and `folder`/sealed.nasd atomically; an up-to-date prepared folder
 * is used as it is.
 * @param out  filled also from the cache; release with nas_data_summary_free
 * @return NAS_E_DATA with file, row and column; NAS_E_USAGE for options; NAS_E_IO */
nas_status nas_data_prepare(const char *path, const nas_data_options *options,
                            const char *folder, nas_data_summary *out, nas_err *err);

/* The same checks without writing anything (`nasmith data check`). */
nas_status nas_data_check(const char *path, const nas_data_options *options,
                          nas_data_summary *out, nas_err *err);

/* Write the summary as text for people, or as JSON. */
void nas_data_summary_text(const nas_data_summary *summary, nas_text *out);
void nas_data_summary_json(const nas_data_summary *summary, nas_json *json);

/* Open `folder`/search.nasd.
 * @param out  Ownership: caller, nas_dataset_close
 * @return NAS_E_DATA when the file is damaged or of another version */
nas_status nas_dataset_open(const char *folder, nas_dataset **out, nas_err *err);
void nas_dataset_close(nas_dataset *data); /* NULL is fine */

/* Read rows of an outside file or folder for evaluating a model: all rows, no split, with
 * the model's label names deciding class indices. Kept in memory.
 * @param shape  the model's input shape, checked */
nas_status nas_data_load_for(const char *path, const nas_data_options *options,
                             const nas_model *model, nas_dataset **out, nas_err *err);

#endif
