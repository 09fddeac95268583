/* Lossless clean-up of a trained network: what it computes stays, what contributes
 * nothing goes. */
#ifndef NASMITH_CLEAN_H
#define NASMITH_CLEAN_H

#include "nasmith/err.h"
#include "nasmith/json.h"
#include "nasmith/model.h"

/* What a clean-up removed; all 0 when there was nothing to remove. */
typedef struct nas_clean_saved {
    int64_t channels; /* outputs of convolutions and dense layers */
    int64_t nodes;    /* operators, among them sums with nothing but zero */
    int64_t params, macs;
} nas_clean_saved;

/* Remove from a model
 *  - channels that nobody reads with a weight other than 0;
 *  - channels that have one value whatever the input, as after a norm of scale 0 or a
 *    ReLU of what cannot be positive; the value goes into the biases of who reads it. It
 *    stays where that would not be the same: before a convolution with padding, which
 *    sees zeros beside it, unless it is 0 itself;
 *  - sums with 0 and products with 1, and all that only computed these.
 * Channels that an addition, a product or a pool passes on go only together with all that
 * they meet. Values change by no more than the rounding of sums in another order; where
 * no channel is removed, and in what lies before the first that is, not at all. The
 * result is run beside the model on random rows and dropped if it differs by more than
 * files may that are exported.
 * @param model  its graph and weights are replaced; after an error it still computes the
 *               same, and `saved` counts what went before it
 * @return NAS_E_NOMEM, NAS_E_VERIFY
 * Cost: O(weights) for each layer that loses channels because a later one does. */
nas_status nas_model_clean(nas_model *model, nas_clean_saved *saved, nas_err *err);

/* "12 dead channels and 1 operator; 1024 parameters and 3000 MACs less", or "" when
 * nothing was saved. */
void nas_clean_text(const nas_clean_saved *saved, char *out, size_t size);

/* As an object: "channels", "operators", "params", "macs". */
void nas_clean_write_json(const nas_clean_saved *saved, nas_json *json);

#endif
