/* What every training of a supernet shares, and what each way of training fills in. */
#ifndef NASMITH_EVALUATE_LEARNER_H
#define NASMITH_EVALUATE_LEARNER_H

#include "evaluate/fitted.h"
#include "nasmith/supernet.h"

typedef struct nas_learning nas_learning;

/* One way of training. Its state lives in learning->state. */
typedef struct nas_learner {
    /* Make the state; may take rows away from learning->rows. */
    nas_status (*prepare)(nas_learning *learning, nas_err *err);
    void (*free)(nas_learning *learning);
    /* One update of the weights.
     * @param rows  [batch] of this step
     * @param rate  learning rate of the weights
     * @param loss  out: of the step; unchanged where nothing was trained
     * @param what  out: what became NaN or infinite, or NULL */
    nas_status (*step)(nas_learning *learning, int64_t step, const int64_t *rows,
                       float rate, double *loss, const char **what, nas_err *err);
    /* After an epoch was counted. */
    nas_status (*end_epoch)(nas_learning *learning, nas_err *err);
    /* The state as bytes, and back. @param ours  out: false when they are another's */
    nas_status (*save)(const nas_learning *learning, nas_text *out, nas_err *err);
    nas_status (*load)(nas_learning *learning, const void *bytes, size_t n, bool *ours,
                       nas_err *err);
    /* Move what was learned into the result. */
    nas_status (*finish)(nas_learning *learning, nas_err *err);
} nas_learner;

extern const nas_learner nas_path_learner, nas_mixture_learner;

/* A training in progress. */
struct nas_learning {
    const nas_supernet_job *job;
    const nas_learner *learner;
    void *state;
    nas_workspace *workspace;
    nas_arena *arena;        /* of the training */
    nas_arena *scratch;      /* of one step */
    nas_arena *result_arena; /* the caller's */
    nas_supernet_result *result;
    nas_fitted fitted;
    nas_optimizer optimizer;
    nas_augment augment;
    uint64_t identity;
    nas_rng rng;
    const int64_t *rows; /* that train the weights */
    int64_t n_rows;
    double position; /* of the step in the schedule, 0..1 */
    int64_t epochs_done;
    bool over; /* the learner wants no further epoch */
};

/* Streams of the learners begin here; the driver has those below. */
enum { NAS_LEARNER_STREAMS = 16 };

/* Stream `index` of a purpose. */
nas_rng nas_learning_stream(const nas_learning *learning, uint64_t purpose,
                            int64_t index);

/* Gather rows into a net with the augmentation of a step. */
void nas_learning_batch(const nas_learning *learning, nas_net *net, const int64_t *rows,
                        int64_t step);

/* Rows in the order of an epoch, at least a batch of them.
 * @param order    [max(n, batch)]
 * @param purpose  of the stream */
void nas_learning_order(const nas_learning *learning, const int64_t *rows, int64_t n,
                        uint64_t purpose, int64_t epoch, int64_t *order);

/* Softmax of x / tau. @param x, p  [n] */
void nas_softmax(const double *x, int n, double tau, double *p);

/* One alternative drawn by strength (Gumbel-max), and the relaxed weights whose gradient
 * stands for its own: weight is one-hot, p the softmax of the same noisy strengths.
 * @param alpha, p, weight  [n] */
void nas_gumbel_one_hot(const double *alpha, int n, double tau, nas_rng *rng, double *p,
                        double *weight);

#endif
