/* A recurrent policy: an LSTM that settles the decisions of a network one after the
 * other, each knowing what was chosen before. It learns from rewards (REINFORCE).
 *
 * Decisions that a network does not have are not met: the space says which comes next.
 *
 * B. Zoph, Q. V. Le: Neural Architecture Search with Reinforcement Learning. ICLR 2017.
 * arXiv:1611.01578
 * H. Pham, M. Guan, B. Zoph, Q. Le, J. Dean: Efficient Neural Architecture Search via
 * Parameter Sharing. ICML 2018. arXiv:1802.03268 */
#ifndef NASMITH_STRATEGY_MODEL_CONTROLLER_H
#define NASMITH_STRATEGY_MODEL_CONTROLLER_H

#include "nasmith/arena.h"
#include "nasmith/rng.h"
#include "nasmith/space.h"
#include "nasmith/text.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct nas_controller nas_controller;

typedef struct controller_options {
    int hidden;           /* units of the LSTM; embeddings have as many */
    double rate;          /* of Adam */
    double momentum;      /* of the moving average of rewards that is the baseline */
    double temperature;   /* logits are divided by it, */
    double tanh_constant; /* then squashed to +- this */
    double entropy;       /* weight of the choices' entropy in the reward */
    double clip;          /* longest gradient of a step; 0: any */
} controller_options;

/* Nothing yet. @return NULL when memory is out. Ownership: caller, nas_controller_free */
nas_controller *nas_controller_new(const controller_options *options);
void nas_controller_free(nas_controller *controller); /* NULL is fine */

/* Be the policy of this space: weights are drawn where there are none yet.
 * @return NAS_E_STUDY when the weights are those of another space; NAS_E_NOMEM */
nas_status nas_controller_begin(nas_controller *controller, const nas_space *space,
                                nas_rng *rng, nas_err *err);

/* Whether there are weights: drawn, or loaded. */
bool nas_controller_begun(const nas_controller *controller);

/* Draw a candidate. @param out  in the arena */
nas_status nas_controller_sample(nas_controller *controller, nas_rng *rng,
                                 nas_arena *arena, nas_candidate **out, nas_err *err);

/* Logarithm of the probability that it draws this candidate, and the entropy of the
 * choices on the way, both in nats. */
nas_status nas_controller_judge(nas_controller *controller,
                                const nas_candidate *candidate, double *log_probability,
                                double *entropy, nas_err *err);

/* Update the baseline b with the reward R, then add the gradient of
 * -(R - b) log p(candidate) to that of the next step. */
nas_status nas_controller_learn(nas_controller *controller,
                                const nas_candidate *candidate, double reward,
                                nas_err *err);
/* A step of Adam down the mean of the gradients that were added since the last one; there
 * is one at least. Weights keep the precision of a float, which is how they are saved. */
void nas_controller_step(nas_controller *controller);

int64_t nas_controller_steps(const nas_controller *controller);
/* After nas_controller_begin. @return their number */
int64_t nas_controller_weights(nas_controller *controller, double **weights,
                               const double **gradients);

/* The whole state, between steps: 12 bytes a weight. Loading needs no space; what is
 * loaded replaces everything.
 * @return NAS_E_STUDY when these bytes are no controller with as many units */
void nas_controller_save(const nas_controller *controller, nas_text *out);
nas_status nas_controller_load(nas_controller *controller, const void *bytes, size_t n,
                               nas_err *err);

#endif
