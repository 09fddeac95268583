/* The supernet of a study: one training, leased and resumable, and what came of it. */
#ifndef NASMITH_SEARCH_SUPERNET_H
#define NASMITH_SEARCH_SUPERNET_H

#include "nasmith/study.h"
#include "nasmith/supernet.h"

typedef enum supernet_phase {
    SUPERNET_NONE,     /* not begun, or the strategy has none */
    SUPERNET_TRAINING, /* by somebody, or interrupted */
    SUPERNET_READY,
    SUPERNET_FAILED, /* diverged, or no memory: networks are trained on their own */
} supernet_phase;

/* STATE_SUPERNET. */
typedef struct supernet_state {
    supernet_phase phase;
    double epoch; /* so far */
    int64_t steps, paths;
    int64_t tensors, weights;
    double train_loss, seconds;
    nas_collapse collapse; /* of mixtures */
    char reason[256];      /* failed */
} supernet_state;

/* How a study trains its supernet. */
typedef struct supernet_plan {
    nas_supernet_kind kind;
    int64_t epochs; /* most */
    double share;   /* of the time for searching; 0: all epochs */
    nas_paths paths;
    bool early_stop, second_order;
} supernet_plan;

/* Blobs: the weights, and the state of an unfinished training. */
#define SUPERNET_BLOB "supernet.bin"
#define SUPERNET_CHECKPOINT "supernet-checkpoint.bin"

/* Strengths of a mixture as bytes, and back; they belong to a space.
 * @param out  in the arena */
nas_status nas_supernet_save_strengths(const nas_mixed *mixed,
                                       const nas_strengths *strengths, nas_text *out,
                                       nas_err *err);
nas_status nas_supernet_load_strengths(const void *bytes, size_t n,
                                       const nas_space *space, nas_arena *arena,
                                       nas_strengths *out, nas_err *err);

/* @param clock  the study has a limit on time */
nas_status nas_supernet_plan_of(const nas_study_settings *settings, bool clock,
                                supernet_plan *out, nas_err *err);

nas_status nas_supernet_state_write(nas_study *study, const supernet_state *state,
                                    nas_err *err);
/* @param out  phase none when there is no entry */
nas_status nas_supernet_state_read(nas_study *study, nas_arena *arena,
                                   supernet_state *out, nas_err *err);

/* How far scores with inherited weights agree with trainings. */
typedef struct supernet_check {
    int64_t networks;  /* uniform ones that have both scores */
    double tau;        /* Kendall's tau-b; NaN below three networks */
    const char *alarm; /* what is wrong, in words; NULL: nothing that can be seen */
} supernet_check;

/* Compare the scores of uniform networks at the rungs 0 and 1. */
nas_status nas_supernet_check(nas_study *study, nas_arena *arena, supernet_check *out,
                              nas_err *err);

/* The value of the key "supernet" of a result: null, or what is known. */
nas_status nas_supernet_write_json(nas_study *study, nas_json *json, nas_err *err);

#endif
