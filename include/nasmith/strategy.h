/* Strategies propose candidates. Ask/tell over a read-only history; their whole state is
 * a blob in the study, stored in the same transaction as what they proposed. */
#ifndef NASMITH_STRATEGY_H
#define NASMITH_STRATEGY_H

#include "nasmith/arena.h"
#include "nasmith/cost.h"
#include "nasmith/param.h"
#include "nasmith/rng.h"
#include "nasmith/space.h"

#include <stdbool.h>
#include <stdint.h>

#define NAS_MAX_RUNGS 8

/* ---- history --------------------------------------------------------------------- */

/* What is known of one trial. Scores are oriented: larger is better. */
typedef struct nas_history_trial {
    int64_t id; /* 1, 2, ... in order of asking */
    const nas_candidate *candidate;
    uint64_t key;
    int64_t parents[2]; /* trial ids, 0 = none */
    bool uniform;       /* one of the uniform random proposals */
    bool failed;        /* an evaluation ended for good without a score */
    nas_cost cost;
    int queued_rung; /* highest rung queued, running or done; -1 none */
    int first_rung;  /* the lowest rung it was evaluated at, set with its first score */
    int rungs;       /* rungs finished: scores [first_rung, rungs) are set, NaN below */
    double score[NAS_MAX_RUNGS]; /* mean over evaluations of that rung */
    double error[NAS_MAX_RUNGS]; /* its standard error */
} nas_history_trial;

/* A rung of a trial got its score. */
typedef struct nas_history_event {
    int64_t trial; /* index */
    int rung;
} nas_history_event;

/* The history of a study as strategies and schedulers see it. The study layer fills it;
 * everybody else reads. Trials in order of id; events in the order in which rungs
 * finished, which is the order in which strategies are told. */
typedef struct nas_history {
    const nas_space *space;
    nas_history_trial *trials;
    int64_t n, capacity;
    nas_history_event *events;
    int64_t n_events, events_capacity;
    int64_t n_scored; /* trials with at least one rung finished */
    int64_t seq;      /* changes of the study seen so far; for nas_study_sync */
    nas_arena *arena; /* owns candidates */
    struct nas_history_index *index; /* by key and id; private to history.c */
} nas_history;

nas_history *nas_history_new(const nas_space *space); /* NULL when memory is out */
void nas_history_free(nas_history *history);
/* Append a trial (candidate is copied). @return its index, or -1 when memory is out */
int64_t nas_history_add(nas_history *history, const nas_history_trial *trial);
/* Set the score of a rung of trial index `t` (rungs finish in order; a scheduler may
 * begin above 0) and append the event. @return false when memory is out */
bool nas_history_score(nas_history *history, int64_t t, int rung, double score,
                       double error);
/* Index of the trial with this id, or -1. Cost O(1). */
int64_t nas_history_find(const nas_history *history, int64_t id);
/* Index of the first trial with this key, or -1. Cost O(1). */
int64_t nas_history_find_key(const nas_history *history, uint64_t key);
bool nas_history_has_key(const nas_history *history, uint64_t key);

/* Total order of how good trials look: more rungs finished first (they were promoted for
 * it), then the score there, then fewer MACs, then the smaller id.
 * @return > 0 when trial index a is better than b */
int nas_history_compare(const nas_history *history, int64_t a, int64_t b);
/* Index of the best trial, or -1. */
int64_t nas_history_best(const nas_history *history);

/* ---- proposing ------------------------------------------------------------------- */

/* Price a candidate. @return NAS_OK with *feasible and *cost set (no network: infeasible
 * and all costs 0); anything else is a failure of the system */
typedef nas_status (*nas_price_fn)(void *context, const nas_candidate *candidate,
                                   nas_cost *cost, bool *feasible, nas_err *err);

/* How strong the alternatives of a space turned out in a mixture (nas_space_mix). */
typedef struct nas_strengths {
    const nas_mixed *mixed; /* its graph is not there */
    const double *value;    /* [n_choices][stride] */
    int stride;
} nas_strengths;

/* Rank candidates without training them; larger is better, among these candidates only.
 * Whoever answers also charges for it. @param out  [n] */
typedef nas_status (*nas_screen_fn)(void *context, nas_candidate *const *candidates,
                                    int64_t n, double *out, nas_err *err);

/* What a strategy works with while asked. */
typedef struct nas_ask {
    const nas_history *history;
    const nas_space *space;
    nas_price_fn price;
    void *price_context;
    const nas_limits *limits; /* what `price` holds a cost against; NULL = nothing. Only
                                 shows the way down to a feasible network */
    unsigned objectives;      /* bit (1 << nas_limit_kind): costs that are minimised
                                 beside the score; 0: the score alone */
    nas_screen_fn screen;     /* NULL: nobody ranks */
    void *screen_context;
    int64_t screen_most;            /* candidates to rank for one proposal */
    nas_arena *arena;               /* proposals live here */
    nas_rng rng;                    /* Philox(study seed, ask index) */
    const nas_strengths *strengths; /* of the trained mixture; NULL: none */
    int rung, rungs;    /* where the proposal will be trained first, of how many;
                           0 rungs: one */
    int64_t infeasible; /* out: draws that violated a limit */
    int64_t duplicates; /* out: draws whose key the history has */
    bool exhausted;     /* out: nothing new can be proposed; the proposal is empty */
} nas_ask;

typedef struct nas_proposal {
    nas_candidate *candidate;
    nas_cost cost;
    int64_t parents[2]; /* trial ids, 0 = none */
    bool uniform;
} nas_proposal;

/* A feasible candidate whose key is new: up to 1,000 uniform draws; then a walk from the
 * smallest network found by coordinate descent on the violated limit (not marked
 * uniform). Enumerable spaces are searched exhaustively before giving up, so `exhausted`
 * is exact there.
 * @return NAS_E_LIMIT when no network meets the limits ("smallest found: ...") */
nas_status nas_propose_uniform(nas_ask *ask, nas_proposal *out, nas_err *err);

/* A feasible child of trial index `parent` with a new key; after 100 futile mutations of
 * growing length, a uniform one. */
nas_status nas_propose_mutation(nas_ask *ask, int64_t parent, nas_proposal *out,
                                nas_err *err);

/* The best of a pool by ask->screen: of all new networks where the space has at most
 * screen_most assignments, else of as many draws. Needs ask->screen.
 * Cost: pricing and ranking of the pool */
nas_status nas_propose_screened(nas_ask *ask, nas_proposal *out, nas_err *err);

/* A network of an initial design: uniform; where somebody can rank, every other one is
 * screened. */
nas_status nas_propose_design(nas_ask *ask, nas_proposal *out, nas_err *err);

/* Propose this candidate, if its key is new and it meets the limits. Counts what it
 * refuses in ask->duplicates and ask->infeasible.
 * @param candidate  in the ask's arena
 * @param parent     trial index, or -1
 * @param out        out->candidate is NULL when it was refused */
nas_status nas_propose_candidate(nas_ask *ask, nas_candidate *candidate, int64_t parent,
                                 nas_proposal *out, nas_err *err);

/* The supernet that a study trains before a strategy proposes. */
typedef enum nas_supernet_kind {
    NAS_SUPERNET_NONE,
    NAS_SUPERNET_PATHS,   /* single paths of shared weights, which networks inherit */
    NAS_SUPERNET_SOFTMAX, /* mixtures weighted by a softmax of strengths */
    NAS_SUPERNET_GUMBEL,  /* one alternative at a time, drawn by strength */
} nas_supernet_kind;

/* Parameters by which every strategy with a supernet says how it is trained. */
#define NAS_SUPERNET_EPOCHS "supernet_epochs"
#define NAS_SUPERNET_SHARE "supernet_share"
#define NAS_SUPERNET_FAIR "fair"
#define NAS_SUPERNET_EARLY_STOP "early_stop"
#define NAS_SUPERNET_SECOND_ORDER "second_order"

/* One strategy. The framework allocates the zeroed state. */
typedef struct nas_strategy_ops {
    const char *name;
    const char *summary;
    const char *cite; /* key in docs/refs.bib */
    const nas_param *params;
    unsigned needs; /* NAS_SPACE_* */
    /* What the study trains before the first proposal; needs the parameters
     * NAS_SUPERNET_EPOCHS and _SHARE. With paths, networks are first scored with weights
     * they inherit: the ladder begins with a rung of 0 epochs. With mixtures, the
     * strategy is asked with ask->strengths. */
    nas_supernet_kind supernet;
    size_t state_size;
    /* Start from nothing. */
    nas_status (*init)(void *state, const nas_value *values, nas_err *err);
    void (*free)(void *state); /* may be NULL */
    /* A strategy that only looks at the history when asked has none of tell, save, load.
     * Trial index `t` got its first score, or another rung. Called in order, once each.
     */
    nas_status (*tell)(void *state, const nas_history *history, int64_t t, int rung,
                       nas_err *err);
    /* Propose one candidate. */
    nas_status (*ask)(void *state, nas_ask *ask, nas_proposal *out, nas_err *err);
    /* The state as bytes, and back; equal states give equal bytes. What is loaded
     * replaces whatever the state held; what follows from space and history alone may be
     * kept. */
    nas_status (*save)(const void *state, nas_text *out, nas_err *err);
    nas_status (*load)(void *state, const void *bytes, size_t n, nas_err *err);
} nas_strategy_ops;

/* Registry. @return NULL past the end / when unknown */
const nas_strategy_ops *nas_strategy_at(int index);
const nas_strategy_ops *nas_strategy_find(const char *name);

/* The strategy `auto` stands for, by the size of the space and the costs that are
 * minimised (bits, 1 << nas_limit_kind); nothing that may change when a study goes on.
 * @param why  out: one clause */
const nas_strategy_ops *nas_strategy_choose(const nas_space *space, unsigned minimise,
                                            const char **why);

/* A strategy in use: state, the position of the history it has consumed, and the mixing
 * in of uniform proposals (one in five, DESIGN of the random-search estimate). */
typedef struct nas_strategy nas_strategy;

/* @param values  in the order of ops->params
 * @return NAS_E_USAGE when the space lacks what the strategy needs, by name */
nas_status nas_strategy_new(const nas_strategy_ops *ops, const nas_value *values,
                            const nas_space *space, nas_strategy **out, nas_err *err);
void nas_strategy_free(nas_strategy *strategy);
/* Consume what is new in the history, then propose one. Every fifth proposal (by ask
 * index) is uniform random.
 * @return NAS_OK with a proposal, or with ask->exhausted; NAS_E_LIMIT when no network
 *         meets the limits */
nas_status nas_strategy_ask(nas_strategy *strategy, int64_t ask_index, nas_ask *ask,
                            nas_proposal *out, nas_err *err);
/* Make every n-th proposal uniform random; 5 unless set, 0 = never (benchmarks). */
void nas_strategy_set_uniform_every(nas_strategy *strategy, int64_t n);
/* State and history position as one blob, and back. */
nas_status nas_strategy_save(const nas_strategy *strategy, nas_text *out, nas_err *err);
nas_status nas_strategy_load(nas_strategy *strategy, const void *bytes, size_t n,
                             nas_err *err);

#endif
