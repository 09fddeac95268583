/* What the verbs share: one command table, parsed options, and the two output streams.
 *
 * Results go to stdout; progress, warnings, hints and errors to stderr. A verb is one
 * file `cmd_<verb>.c` with one `const nas_command` and one line in the table of main.c.
 */
#ifndef NASMITH_CLI_CLI_H
#define NASMITH_CLI_CLI_H

#include "nasmith/arena.h"
#include "nasmith/data.h"
#include "nasmith/err.h"
#include "nasmith/param.h"
#include "nasmith/plan.h"
#include "nasmith/recipe.h"
#include "nasmith/target.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct nas_cli nas_cli;

/* One verb. Its options are a parameter table like every other. */
typedef struct nas_command {
    const char *name;
    const char *summary;
    const char *arguments; /* positional, for usage: "DATA" */
    const char *details;   /* a paragraph for --help, or NULL */
    const char *examples;  /* indented lines for --help, or NULL */
    int min_args, max_args;
    const nas_param *params; /* NULL-terminated; the common options are added */
    const nas_param *more;   /* a second table, e.g. the recipe's; or NULL */
    const char *more_title;
    bool hidden; /* internal: not listed */
    /* May set cli->exit_code, which then wins over that of the status. */
    nas_status (*run)(nas_cli *cli, nas_err *err);
} nas_command;

/* Where a value came from, nearest first. */
typedef enum nas_cli_source {
    NAS_CLI_DEFAULT,
    NAS_CLI_USER_CONFIG,
    NAS_CLI_CONFIG,
    NAS_CLI_ENVIRONMENT,
    NAS_CLI_FLAG,
} nas_cli_source;

/* A parsed command line. Values are in the order of `params`. */
struct nas_cli {
    const nas_command *command;
    const nas_param *params; /* the verb's, then the common ones */
    nas_value *values;
    const char **texts; /* as typed; NULL = default */
    nas_cli_source *sources;
    const char **args;
    int n_args;
    const char *command_line; /* as typed, quoted for a shell */
    int exit_code;            /* > 0: instead of the status's */
    nas_arena *arena;         /* lives as long as the program */
    bool color_err, color_out, tty_err;
};

/* Ctrl-C: 0, 1 (once), 2 (again); set by the handlers of nas_cli_catch_signals. */
extern volatile sig_atomic_t nas_cli_interrupted;
/* SIGINT or SIGTERM, whichever came; 0 none. */
extern volatile sig_atomic_t nas_cli_signal;
void nas_cli_catch_signals(void);

/* Values by name; the name must be in the verb's table (assert). */
int64_t nas_cli_int(const nas_cli *cli, const char *name);
double nas_cli_real(const nas_cli *cli, const char *name);
bool nas_cli_bool(const nas_cli *cli, const char *name);
const char *nas_cli_string(const nas_cli *cli, const char *name); /* NULL = unset */
bool nas_cli_given(const nas_cli *cli, const char *name);

/* Find `name` in the NULL-terminated table of verbs. */
const nas_command *nas_cli_find_command(const char *name);
const nas_command *const *nas_cli_commands(void);

/* ---- options.c ---- */

/* Options every verb has: json, quiet, verbose, color, config, help. */
extern const nas_param nas_cli_common_params[];

/* Parse argv after the verb, environment and configuration files into `cli`. Verbs and
 * options may come in any order; `--` ends options.
 * @param help  out: --help was given
 * @return NAS_E_USAGE with did-you-mean; NAS_E_CONFIG with file:line:column */
nas_status nas_cli_parse(nas_cli *cli, int argc, char **argv, bool *help, nas_err *err);

/* Parse one value, unless a nearer source has set it. `text` is borrowed. */
nas_status nas_cli_set(nas_cli *cli, int index, const char *text, nas_cli_source source,
                       nas_err *err);

/* ---- config.c ---- */

/* Read a flat YAML file of option names and values into values whose source is weaker.
 * Absent is fine unless `required`. */
nas_status nas_cli_read_config(nas_cli *cli, const char *path, nas_cli_source source,
                               bool required, nas_err *err);

/* ---- terminal.c ---- */

/* error: MESSAGE, the source line with a caret when the message names file:line:column,
 * and help: HINT; to stderr. */
void nas_cli_print_error(const nas_cli *cli, const nas_err *err);
/* "warning: ..." to stderr unless --quiet. */
void nas_cli_warn(const nas_cli *cli, const char *fmt, ...) NAS_PRINTF(2, 3);
/* One line to stderr unless --quiet. */
void nas_cli_note(const nas_cli *cli, const char *fmt, ...) NAS_PRINTF(2, 3);

/* ANSI sequences, or "" when the stream has no colour. */
typedef enum nas_style {
    NAS_STYLE_BOLD,
    NAS_STYLE_DIM,
    NAS_STYLE_RED,
    NAS_STYLE_GREEN,
    NAS_STYLE_YELLOW,
    NAS_STYLE_RESET
} nas_style;
const char *nas_cli_style(bool color, nas_style style);

/* ---- help.c ---- */

void nas_cli_print_overview(FILE *out);
void nas_cli_print_help(const nas_command *command, FILE *out);

/* ---- shared by verbs (common.c) ---- */

/* Options that say how to read data. */
#define NAS_CLI_DATA_PARAMS                                                              \
    {.name = "label",                                                                    \
     .type = NAS_PARAM_STRING,                                                           \
     .doc = "column of a table to predict; several quantities: a,b"},                    \
        {.name = "drop",                                                                 \
         .type = NAS_PARAM_STRING,                                                       \
         .doc = "columns of a table that are no inputs: a,b"},                           \
        {.name = "categories",                                                           \
         .type = NAS_PARAM_STRING,                                                       \
         .doc = "columns of numbers that are codes of categories: a,b; '*': all"},       \
        {.name = "missing",                                                              \
         .type = NAS_PARAM_STRING,                                                       \
         .doc = "words for a missing value, beside NA and the like: -999,unknown"},      \
        {.name = "decimal_comma",                                                        \
         .type = NAS_PARAM_BOOL,                                                         \
         .doc = "numbers in text files are written as 2,5"},                             \
        {.name = "task",                                                                 \
         .type = NAS_PARAM_STRING,                                                       \
         .doc = "classification, regression, multilabel, anomaly; default: as the data " \
                "looks"},                                                                \
        {.name = "normal",                                                               \
         .type = NAS_PARAM_STRING,                                                       \
         .doc =                                                                          \
             "of --task anomaly: the class that is trained on; default: normal, good "   \
             "or ok, else the largest"},                                                 \
        {.name = "val",                                                                  \
         .type = NAS_PARAM_REAL,                                                         \
         .default_text = "0.15",                                                         \
         .min = 0.01,                                                                    \
         .max = 0.9,                                                                     \
         .doc = "share of the rows for validation, in one part instead of folds"},       \
        {.name = "folds",                                                                \
         .type = NAS_PARAM_STRING,                                                       \
         .default_text = "auto",                                                         \
         .doc = "of cross-validation; auto: 5 below 2000 rows; 1: one validation part"}, \
        {.name = "repeats",                                                              \
         .type = NAS_PARAM_STRING,                                                       \
         .default_text = "auto",                                                         \
         .doc = "of the folds, divided anew; auto: 3 below 200 rows"},                   \
        {.name = "test",                                                                 \
         .type = NAS_PARAM_STRING,                                                       \
         .default_text = "0.15",                                                         \
         .doc = "share of the rows, or a file or folder, for the sealed test"},          \
        {.name = "group",                                                                \
         .type = NAS_PARAM_STRING,                                                       \
         .doc = "column whose values stay together in one part"},                        \
        {.name = "time_column",                                                          \
         .type = NAS_PARAM_STRING,                                                       \
         .doc = "column that orders a recording, or a table: the last rows are tested "  \
                "on; no input"},                                                         \
        {.name = "window",                                                               \
         .type = NAS_PARAM_COUNT,                                                        \
         .unit = "steps",                                                                \
         .min = 1,                                                                       \
         .max = 16777216,                                                                \
         .doc = "cut recordings into windows of so many steps"},                         \
        {.name = "step",                                                                 \
         .type = NAS_PARAM_COUNT,                                                        \
         .unit = "steps",                                                                \
         .min = 1,                                                                       \
         .max = 16777216,                                                                \
         .doc = "between the beginnings of windows; default: the window"},               \
        {.name = "length",                                                               \
         .type = NAS_PARAM_COUNT,                                                        \
         .unit = "steps",                                                                \
         .min = 1,                                                                       \
         .max = 16777216,                                                                \
         .doc = "cut or pad series to so many steps; default: the longest"},             \
        {.name = "horizon",                                                              \
         .type = NAS_PARAM_COUNT,                                                        \
         .unit = "steps",                                                                \
         .min = 1,                                                                       \
         .max = 4096,                                                                    \
         .doc =                                                                          \
             "forecast so many next values of --label from a --window of all columns; "  \
             "default window: 4 horizons"},                                              \
        {.name = "sample_rate",                                                          \
         .type = NAS_PARAM_COUNT,                                                        \
         .unit = "Hz",                                                                   \
         .min = 1,                                                                       \
         .max = 1048576,                                                                 \
         .doc = "resample audio; default: the lowest rate among the files"},             \
        {.name = "image_size",                                                           \
         .type = NAS_PARAM_STRING,                                                       \
         .doc = "scale images to HEIGHTxWIDTH, or to a square: 32x48, 32"},              \
        {.name = "image_fit",                                                            \
         .type = NAS_PARAM_STRING,                                                       \
         .default_text = "letterbox",                                                    \
         .doc = "letterbox: the whole image between bars; crop: its middle"},            \
        {.name = "names",                                                                \
         .type = NAS_PARAM_STRING,                                                       \
         .doc = "meaning of file names, such as class_group_* or class_*_test=0-4"},     \
    {                                                                                    \
        .name = "split_seed", .type = NAS_PARAM_INT, .default_text = "0",                \
        .max = 9007199254740992.0,                                                       \
        .doc = "of which rows are for training, validation and test"                     \
    }

/* What is random besides the split. */
#define NAS_CLI_SEED_PARAM                                                               \
    {                                                                                    \
        .name = "seed", .type = NAS_PARAM_INT, .default_text = "0",                      \
        .max = 9007199254740992.0,                                                       \
        .doc = "of everything random in the search and its trainings"                    \
    }

/* Those options as the data layer takes them. */
nas_status nas_cli_data_options(const nas_cli *cli, nas_data_options *out, nas_err *err);

/* Choices of --dtype: "float", "int8". */
extern const char *const nas_cli_dtypes[];

/* The recipe of a task with the recipe options of the command line applied. */
nas_status nas_cli_recipe(const nas_cli *cli, nas_task task, nas_recipe *out,
                          nas_err *err);

/* The study to act on: the argument given, or the only or newest *.nas.db here.
 * @return NAS_E_STUDY listing what exists */
nas_status nas_cli_default_study(nas_cli *cli, const char *given, const char **out,
                                 nas_err *err);

/* Folder for prepared data outside any study: $XDG_CACHE_HOME/nasmith/data-<path hash>.
 */
nas_status nas_cli_cache_folder(nas_cli *cli, const char *data_path, const char **out,
                                nas_err *err);

/* ---- target.c ---- */

/* The device; flags that are given win over what it sets. */
#define NAS_CLI_TARGET_PARAM                                                             \
    {                                                                                    \
        .name = "target", .type = NAS_PARAM_STRING,                                      \
        .doc = "device, by name (nasmith targets) or YAML file: sets RAM, flash and "    \
               "dtype, and estimates time and energy there"                              \
    }

/* @param out  without a name when there is no --target */
nas_status nas_cli_target(const nas_cli *cli, nas_target *out, nas_err *err);

/* --dtype, --max-params to --max-latency, or what the target has. */
nas_dtype nas_cli_dtype(const nas_cli *cli, const nas_target *target);
nas_limits nas_cli_limits(const nas_cli *cli, const nas_target *target);

/* To predict the target's time; known = false without a clock. */
nas_latency_table nas_cli_latency(const nas_target *target);

/* Print what a network needs on the target, and warn when that is too much. */
nas_status nas_cli_fit(const nas_cli *cli, const nas_target *target,
                       const nas_graph *graph, nas_err *err);

/* "3x32x32", as --input takes it. */
nas_status nas_cli_shape(const char *text, nas_shape *out, nas_err *err);

/* "93.1 %" or "0.4123" for a metric's value. */
void nas_cli_format_metric(bool fraction, double value, char *out, size_t size);
/* The width that makes printf's %*s fill so many columns: it counts bytes. */
int nas_cli_width(const char *text, int columns);

#endif
