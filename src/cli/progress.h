/* The live view of a search: a region redrawn on a terminal, plain lines elsewhere. */
#ifndef NASMITH_CLI_PROGRESS_H
#define NASMITH_CLI_PROGRESS_H

#include "cli.h"

#include "nasmith/data.h"
#include "nasmith/search.h"

typedef enum nas_progress_mode {
    NAS_PROGRESS_AUTO,
    NAS_PROGRESS_FULL,
    NAS_PROGRESS_PLAIN,
    NAS_PROGRESS_JSON,
    NAS_PROGRESS_NONE,
} nas_progress_mode;

typedef struct nas_progress_view {
    const nas_cli *cli;
    nas_progress_mode mode; /* never AUTO */
    int lines;              /* of the region on screen */
    double last_s;          /* when it was drawn, monotonic */
    nas_search_phase phase;
    double rate_s; /* for trials per minute: start of the search */
    double data_s; /* when data began to be read, and when the step below; 0: not yet */
    nas_data_step data_step;
    double step_s;
} nas_progress_view;

/* @param mode  as chosen; AUTO: full on a terminal, else plain; --quiet: none */
nas_progress_view nas_progress_new(const nas_cli *cli, nas_progress_mode mode);

/* The sink to hand to nas_search_run; `view` must outlive it. */
nas_search_sink nas_progress_sink(nas_progress_view *view);

/* Let the view show how far a preparation is, which also ends it after a signal; `view`
 * must outlive the options. Nothing is shown of the first half second, and nothing but on
 * a terminal or as JSON. */
void nas_progress_watch_data(nas_progress_view *view, nas_data_options *options);

/* After a preparation that a signal ended: exit code and hint. */
void nas_progress_note_stop(nas_cli *cli, nas_status status, nas_err *err);

/* Clear the region, so that results can be printed. */
void nas_progress_end(nas_progress_view *view);

#endif
