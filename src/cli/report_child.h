/* The report of a search, written by a process of its own. */
#ifndef NASMITH_CLI_REPORT_CHILD_H
#define NASMITH_CLI_REPORT_CHILD_H

#include "cli.h"

typedef struct nas_report_child {
    const char *program; /* to run: this one */
    const char *study;   /* file */
    const char *path;    /* of the report */
    double explain_s;    /* for looking at the chosen network; 0: not */
    double ablate_s;     /* for taking it apart; 0: not */
    bool examples;
} nas_report_child;

/* Run `nasmith report` to its end. Looking at a network loads the data and trains, which
 * may need memory, or crash: the search that starts this keeps neither. When explaining
 * fails, or Ctrl-C ends it, the report is written without, and a warning says so.
 * @return NAS_E_IO, or what the report fails with */
nas_status nas_report_child_run(const nas_cli *cli, const nas_report_child *child,
                                nas_err *err);

#endif
