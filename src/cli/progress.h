/* The live view of a search: a region redrawn on a terminal, plain lines elsewhere. */
#ifndef NASMITH_CLI_PROGRESS_H
#define NASMITH_CLI_PROGRESS_H

#include "cli.h"

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
} nas_progress_view;

/* @param mode  as chosen; AUTO: full on a terminal, else plain; --quiet: none */
nas_progress_view nas_progress_new(const nas_cli *cli, nas_progress_mode mode);

/* The sink to hand to nas_search_run; `view` must outlive it. */
nas_search_sink nas_progress_sink(nas_progress_view *view);

/* Clear the region, so that results can be printed. */
void nas_progress_end(nas_progress_view *view);

#endif
