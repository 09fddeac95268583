/* Explanations: what mattered in a search, and what a trained network looks at. */
#ifndef NASMITH_EXPLAIN_H
#define NASMITH_EXPLAIN_H

#include "nasmith/arena.h"
#include "nasmith/err.h"
#include "nasmith/json.h"
#include "nasmith/rng.h"
#include "nasmith/search.h"
#include "nasmith/study.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- what mattered: decisions against scores --------------------------------------- */

enum {
    NAS_EXPLAIN_LEVELS = 64,   /* of one decision; longer ones are merged */
    NAS_EXPLAIN_COLUMNS = 256, /* decisions; further ones are left out */
};

/* A decision as a column of levels. */
typedef struct nas_explain_column {
    const char *name;
    int n_levels;
    const char *const *levels; /* as text */
    bool ordered;              /* levels are numbers, ascending */
    bool optional;             /* level 0 stands for "not in the network" */
    bool training;             /* of the recipe */
    const double *share;       /* [n_levels] in uniform samples of the space; sums to 1 */
} nas_explain_column;

/* Networks that were trained alike, one row each. */
typedef struct nas_explain_table {
    int64_t n;
    int columns;
    const nas_explain_column *column; /* [columns] */
    const uint8_t *level;             /* [n][columns] */
    const double *score;              /* [n] oriented: larger is better */
    const int64_t *trial;             /* [n] ids */
    int rung;                         /* where the scores come from */
    bool larger_is_better;            /* false: metric = -score */
} nas_explain_table;

/* The trials of a study with their scores at the rung most of them finished. Decisions
 * that no sample of the space varies are left out. *out lives in the arena.
 * @return NAS_E_CONFIG when the study's space cannot be read */
nas_status nas_explain_table_of(nas_study *study, nas_arena *arena,
                                nas_explain_table *out, nas_err *err);

/* What one level does. Effects are in units of the metric. */
typedef struct nas_explain_level {
    double effect, deviation; /* mean metric with this level, everything else as the space
                                 has it; and its spread over forests */
    int64_t n;                /* networks with it */
    double in_all, in_best;   /* its share of all networks and of the best tenth */
} nas_explain_level;

typedef struct nas_explain_decision {
    int column;
    double share, deviation;         /* of the score's variance, fANOVA; over forests */
    double top_share, top_deviation; /* PED-ANOVA for the best tenth; over resamples */
    double top_chance;        /* how often a random tenth differs as much: a p-value */
    nas_explain_level *level; /* [n_levels of the column] */
} nas_explain_decision;

typedef struct nas_explain_pair {
    int a, b; /* columns */
    double share, deviation;
    double *effect; /* [levels of a][levels of b], units of the metric */
} nas_explain_pair;

enum { NAS_EXPLAIN_TERMS = 2 };

/* "kind is separable and out >= 16": networks it holds for, against all others. Found on
 * one half of the networks, measured on the other. */
typedef struct nas_explain_rule {
    int n_terms;
    int column[NAS_EXPLAIN_TERMS];
    uint64_t levels[NAS_EXPLAIN_TERMS]; /* bits of allowed levels */
    double effect, low, high; /* difference of means, 95 % for all rules together,
                                           units of the metric */
    int64_t support;          /* networks of all that it holds for */
    char text[176];
} nas_explain_rule;

enum { NAS_EXPLAIN_FORESIGHTS = 8 };

/* How well a forest of the first networks orders the ones that came next. */
typedef struct nas_explain_foresight {
    int64_t networks, next; /* known; predicted */
    double tau;             /* Kendall's, of predicted and measured */
} nas_explain_foresight;

typedef struct nas_explain_mattered {
    nas_explain_decision *decision; /* [n_decisions], by share less deviation */
    int n_decisions;
    nas_explain_pair *pair; /* [n_pairs], most important first */
    int n_pairs;
    nas_explain_rule *rule; /* [n_rules], largest effect first */
    int n_rules;
    double *predicted; /* [table.n] by trees that have not seen the row; oriented; NaN */
    double r2, tau;    /* of these predictions; Kendall's tau */
    nas_explain_foresight foresight[NAS_EXPLAIN_FORESIGHTS]; /* in the order of time */
    int n_foresight;
    int64_t n_best;     /* networks in the best tenth */
    int forests, trees; /* seeds; trees of each */
} nas_explain_mattered;

/* Importance of every decision, and rules. Scores far below the others (Tukey's outer
 * fence: three interquartile ranges below the first quartile) count as that fence, so
 * that a few failed networks do not decide what mattered.
 * @param rng  of bootstraps; the result depends on it and the table only
 * @param out  n_decisions 0 when there are too few networks (< 12) or all score the same
 * @return NAS_E_NOMEM. Cost: about 0.5 s for 1,000 networks and 20 decisions.
 * Ref: hutter2014, watanabe2023 */
nas_status nas_explain_mattered_of(const nas_explain_table *table, nas_rng rng,
                                   nas_arena *arena, nas_explain_mattered *out,
                                   nas_err *err);
/* The value of key "mattered" of `nasmith show --explain --json`. */
void nas_explain_mattered_write_json(const nas_explain_table *table,
                                     const nas_explain_mattered *mattered,
                                     nas_json *json);

/* ---- what a network looks at ---------------------------------------------------------
 */

/* Entries of a study (nas_study_get) with what was explained of its chosen network. */
#define NAS_EXPLAIN_ENTRY "explanation" /* docs/json.md, key "network" */
#define NAS_ABLATION_ENTRY "ablation"   /* key "ablation" */
#define NAS_SEEDS_ENTRY "seeds"         /* key "seeds" */

typedef struct nas_explain_options {
    double seconds; /* that the looking may take, about, on one core */
} nas_explain_options;

/* 4 s. */
nas_explain_options nas_explain_options_default(void);

/* Look at the chosen network of a finished study: what its answers hang on, how sure and
 * how right it is, how it fails. The network is the one the search trained, on validation
 * rows it has never seen; test rows enter as the answers that were kept when they were
 * scored. Keeps the result as NAS_EXPLAIN_ENTRY; nothing happens without finalists. How
 * many rows are looked at follows from the seconds asked for and the network's MACs, not
 * from a clock.
 * @return NAS_E_DATA, NAS_E_IO when the study's folder is gone or damaged */
nas_status nas_explain_network(nas_study *study, const nas_explain_options *options,
                               nas_err *err);

/* Take the chosen network apart: each block removed or halved, trained anew with the
 * network itself, paired over the validation rows; then the network on fewer rows, for
 * the learning curve. Keeps the result as NAS_ABLATION_ENTRY.
 * @param seconds  of this process, on one core; what does not fit is left out
 * @return NAS_E_DATA, NAS_E_IO when the study's folder is gone or damaged */
nas_status nas_explain_ablation(nas_study *study, double seconds, nas_err *err);

/* Train the chosen network again with other seeds, for as long as the search did (for
 * fewer epochs when the time does not hold a few of those), and score it on the
 * validation rows. Keeps the result as NAS_SEEDS_ENTRY.
 * @param seconds  of this process, on one core; up to 8 seeds that fit
 * @return NAS_E_DATA, NAS_E_IO when the study's folder is gone or damaged */
nas_status nas_explain_seeds(nas_study *study, double seconds, nas_err *err);

/* ---- one mutation away ---------------------------------------------------------------
 */

/* A network that differs from another in one decision. */
typedef struct nas_explain_neighbour {
    const char *decision, *from, *to;
    nas_cost cost;
    bool feasible;    /* within the study's limits */
    double predicted; /* metric by the forests of "what mattered", at the table's rung */
    int64_t trial;    /* the study has trained it; 0 = not */
    double measured;  /* its metric at that rung; NaN */
} nas_explain_neighbour;

typedef struct nas_explain_neighbourhood {
    nas_explain_neighbour
        *neighbour; /* [n] those with a network, best prediction first */
    int n;
    double predicted; /* the same prediction for the trial itself; NaN when unknown */
} nas_explain_neighbourhood;

/* @param out  in the arena; n is 0 where the space has no neighbours */
nas_status nas_explain_neighbours_of(nas_study *study, const nas_explain_table *table,
                                     int64_t trial, nas_arena *arena,
                                     nas_explain_neighbourhood *out, nas_err *err);

/* ---- all of it -----------------------------------------------------------------------
 */

/* Everything that is known about a study's result. Borrows study and result. */
typedef struct nas_explanation {
    nas_study *study;
    const nas_search_result *result;
    const nas_metric *metric;
    nas_explain_table table;
    nas_explain_mattered mattered;
    json_t *network;  /* NAS_EXPLAIN_ENTRY of the chosen network; NULL = none */
    json_t *ablation; /* NAS_ABLATION_ENTRY of it; NULL = none */
    json_t *seeds;    /* NAS_SEEDS_ENTRY of it; NULL = none */
    nas_arena *arena;
} nas_explanation;

/* @param out  released with nas_explanation_free
 * @return NAS_E_STUDY when the study's metric is unknown; a space that cannot be read
 * gives an empty table */
nas_status nas_explanation_read(nas_study *study, const nas_search_result *result,
                                nas_explanation *out, nas_err *err);
void nas_explanation_free(nas_explanation *explanation);

typedef enum nas_explain_mood {
    NAS_MOOD_PLAIN,
    NAS_MOOD_GOOD,
    NAS_MOOD_WARNING,
} nas_explain_mood;

/* One sentence of the verdict, with the section of the report that holds its numbers.
 * Sentences of one topic stand together. */
typedef struct nas_explain_sentence {
    const char *text;
    const char *topic;   /* "In short", "How good it is", ... */
    const char *section; /* id: "delivered", "baselines", "mattered", ... */
    nas_explain_mood mood;
} nas_explain_sentence;

/* What training the chosen network again with other seeds gave. */
typedef struct nas_explain_spread {
    int n;           /* trainings; 0 = it was not trained again */
    double score[8]; /* [n] of the metric, on validation rows */
    double mean, deviation, low, high;
    double searched; /* the search's own training, as long as these; NaN */
    double fraction; /* of the training rows */
    int64_t epochs;
    bool as_searched; /* for as long as the search trained it */
} nas_explain_spread;

/* From NAS_SEEDS_ENTRY, else from the whole network's trainings of an ablation. */
nas_explain_spread nas_explain_spread_of(const nas_explanation *explanation);

/* The verdict in plain words, most important first. *out lives in the explanation's
 * arena.
 * @return NAS_E_NOMEM */
nas_status nas_explain_verdict(const nas_explanation *explanation,
                               nas_explain_sentence **out, int *n, nas_err *err);

/* The document of `nasmith show --explain --json`. */
nas_status nas_explanation_write_json(const nas_explanation *explanation, nas_json *json,
                                      nas_err *err);

#endif
