/* Weight sharing: one set of weights, trained once, in which every network of a space
 * finds its own.
 *
 * The weights live in a bank. A network takes from it, by the place and the meaning of
 * each operator, what it shares with all networks that have the same operator there; a
 * step of the supernet trains one such network (a path) and gives the weights back. So a
 * path is the stand-alone network with these weights, bit for bit. */
#ifndef NASMITH_SUPERNET_H
#define NASMITH_SUPERNET_H

#include "nasmith/arena.h"
#include "nasmith/data.h"
#include "nasmith/evaluate.h"
#include "nasmith/graph.h"
#include "nasmith/net.h"
#include "nasmith/recipe.h"
#include "nasmith/space.h"
#include "nasmith/strategy.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- the bank ---------------------------------------------------------------------- */

/* Shared weight tensors. A tensor is known by the name of its node, the operator, the
 * how-manieth node of that name it is, its role and its extents; networks in which all of
 * these agree share it. Scales and shifts of norms are not shared but 1 and 0: they would
 * carry the scale of one path into another (ALGORITHMS of the papers: affine off).
 * Running statistics belong to one network and are not in the bank either. */
typedef struct nas_bank nas_bank;

/* An empty bank; tensors are drawn (He-normal) when a network first asks for them, each
 * from a stream of its own, so that the order of asking changes nothing.
 * @return NULL when memory is out. Ownership: caller, nas_bank_free */
nas_bank *nas_bank_new(uint64_t seed);
void nas_bank_free(nas_bank *bank); /* NULL is fine */

int64_t nas_bank_tensors(const nas_bank *bank);
int64_t nas_bank_floats(const nas_bank *bank); /* of all tensors */

/* Where the weights of one graph lie in a bank. Lives in its arena. */
typedef struct nas_bank_view nas_bank_view;

/* Find, and where need be draw, the tensors of a graph.
 * @return NAS_E_NOMEM */
nas_status nas_bank_bind(nas_bank *bank, const nas_graph *graph, nas_arena *arena,
                         nas_bank_view **out, nas_err *err);

/* Bank to network. @param weights  [nas_graph_floats(graph)], all of them are set */
void nas_bank_gather(const nas_bank *bank, const nas_bank_view *view, float *weights);
/* Add gradients of a network to those of the bank, which nas_bank_step consumes.
 * @param gradients  [nas_graph_params(graph)] */
void nas_bank_add_gradients(nas_bank *bank, const nas_bank_view *view,
                            const float *gradients);
/* One optimizer step on the tensors whose gradients were added to since the last one; the
 * others do not move, not even by weight decay. Adam's correction counts the steps of
 * each tensor. No averages (`ema`).
 * @return false when a gradient is NaN or infinite; the bank is unchanged then */
bool nas_bank_step(nas_bank *bank, const nas_optimizer *optimizer, float rate);

/* @param training  with optimizer slots: what a training goes on from */
nas_status nas_bank_save(const nas_bank *bank, bool training, nas_text *out,
                         nas_err *err);
/* @param out  Ownership: caller, nas_bank_free
 * @return NAS_E_STUDY when these bytes are no bank */
nas_status nas_bank_load(const void *bytes, size_t n, nas_bank **out, nas_err *err);

/* ---- training ---------------------------------------------------------------------- */

/* How paths are drawn. */
typedef struct nas_paths {
    /* Strict fairness (FairNAS): a step trains as many paths as the largest decision has
     * values, so that every value of every decision is in as many of them (or one more or
     * less, where the numbers do not divide), and updates once. */
    bool fair;
} nas_paths;

/* Paths of one step: uniform over every decision's values. Some may have no network.
 * @param rng  of this step
 * @param out  [*n] in the arena
 * @return NAS_E_NOMEM */
nas_status nas_paths_draw(const nas_paths *paths, const nas_space *space, nas_rng *rng,
                          nas_arena *arena, nas_candidate ***out, int *n, nas_err *err);

/* How a mixture's training went: the known failure is that alternatives that do nothing
 * win everywhere. */
typedef struct nas_collapse {
    int64_t
        stopped_epoch; /* after which the growth of the curvature ended it; 0: never */
    double skip_share; /* of the choices that have such an alternative: how many chose it,
                          at the end */
    int64_t alarm_epoch; /* first epoch after which it was too large; 0: never */
    int64_t epoch;       /* whose strengths count: the last before the alarm */
} nas_collapse;

/* Share above which the alarm is raised. */
#define NAS_SKIP_ALARM 0.5

/* Read a trajectory. @param skip_share  [epochs] after each epoch, epochs >= 1 */
nas_collapse nas_collapse_of(const double *skip_share, int64_t epochs);

typedef struct nas_supernet_job nas_supernet_job;

/* Called after each epoch with the state a resumption needs. Return false to stop. */
typedef bool (*nas_supernet_epoch_fn)(void *context, const nas_supernet_job *job,
                                      const nas_curve_point *point, int64_t epochs_done,
                                      const nas_text *checkpoint);

/* One training of a supernet. What its weights depend on is exactly: the space, the data
 * fingerprint, the recipe, paths, epochs, the seed and, where time may end it early, the
 * number of steps that were made. */
struct nas_supernet_job {
    const nas_space *space;
    const nas_dataset *data;
    const int64_t *rows; /* training rows */
    int64_t n_rows;
    nas_recipe recipe; /* of the supernet: optimizer, rates, batch, augmentation */
    bool int8;         /* its networks will be int8 */
    nas_supernet_kind kind;
    nas_paths paths;   /* of NAS_SUPERNET_PATHS */
    bool early_stop;   /* of NAS_SUPERNET_SOFTMAX: when the curvature grows (R-DARTS) */
    bool second_order; /* of NAS_SUPERNET_SOFTMAX: look one step of the weights ahead */
    int64_t epochs;    /* passes over the rows */
    uint64_t seed;
    /* The training may take this share of its own past seconds and `left_s`, those that
     * are left to it and what follows: fewer steps then walk through the whole schedule
     * of the learning rate. share 0: all epochs, whatever they take. */
    double share, left_s;
    nas_supernet_epoch_fn on_epoch; /* may be NULL */
    /* About four times a second. Return false to stop. May be NULL. */
    bool (*on_tick)(void *context, const nas_supernet_job *job, double epoch);
    void *context;
    const void *resume; /* checkpoint given to on_epoch before, or NULL */
    size_t resume_bytes;
};

typedef struct nas_supernet_result {
    nas_outcome outcome; /* done, diverged, stopped, out of memory; infeasible where
                            networks compute different front sections */
    char reason[256];
    nas_bank *bank;  /* of paths. Ownership: caller, nas_bank_free; NULL unless done */
    nas_mixed mixed; /* of mixtures, in the arena, without its graph; empty unless done */
    nas_strengths strengths;
    nas_collapse collapse;
    int64_t steps;     /* updates */
    int64_t paths;     /* networks trained for a step */
    double epochs;     /* passes over the rows */
    double train_loss; /* mean of the last epoch */
    double seconds, cpu_seconds;
} nas_supernet_result;

/* The recipe that trains a supernet, from that of its networks: plain training without
 * averages; batch, augmentation and loss as there. */
nas_recipe nas_supernet_recipe(const nas_recipe *of_networks);

/* Train, or go on with, a supernet.
 * @param arena  for the result
 * @return NAS_OK with an outcome; a failure only for programmer or system errors */
nas_status nas_supernet_train(const nas_supernet_job *job, nas_workspace *workspace,
                              nas_arena *arena, nas_supernet_result *result,
                              nas_err *err);

/* ---- scoring ----------------------------------------------------------------------- */

/* Score a network with weights it inherits: norm statistics are measured anew, on the
 * same NAS_SUPERNET_BATCHES batches of training rows for every network of a study, then
 * the validation rows are run.
 * @param bank  tensors it lacks are drawn
 * @param job   its epochs are 0: nothing is trained
 * Otherwise as nas_job_run. */
enum { NAS_SUPERNET_BATCHES = 20 };
nas_status nas_supernet_score(nas_bank *bank, const nas_job *job,
                              nas_workspace *workspace, bool keep_model, nas_arena *arena,
                              nas_job_result *result, nas_err *err);

/* ---- spaces ------------------------------------------------------------------------ */

/* What a space shares. */
typedef struct nas_sharing {
    int64_t tensors, floats; /* of the whole supernet, as far as looked at */
    int64_t largest;         /* weights of the largest network looked at */
    int64_t in_more_shapes;  /* tensors of one meaning that exist in several shapes */
    const char *example;     /* the node of one of them, or NULL; in the arena */
    int64_t networks;        /* looked at */
} nas_sharing;

/* Look at networks that together hold every value of every decision at least once. */
nas_status nas_supernet_sharing(const nas_space *space, nas_arena *arena,
                                nas_sharing *out, nas_err *err);

#endif
