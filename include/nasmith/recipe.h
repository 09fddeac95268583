/* The training recipe: every setting of a training that is not the architecture. (Engine
 * layer: the space language checks its `train:` section against this table.) */
#ifndef NASMITH_RECIPE_H
#define NASMITH_RECIPE_H

#include "nasmith/json.h"
#include "nasmith/net.h"
#include "nasmith/param.h"

#include <stdbool.h>
#include <stdint.h>

/* A recipe: plain value. Names and defaults are those of nas_recipe_params. */
typedef struct nas_recipe {
    nas_optimizer_kind optimizer;
    double learning_rate;   /* peak; 0.02 for AdamW at batch 64 */
    double weight_decay;    /* 0.02 */
    int64_t batch;          /* 64; multiple of 16 */
    double warmup_frac;     /* of all steps, linear; 0.2. Then one cosine to zero */
    double label_smoothing; /* 0.05, classification */
    bool class_weights;     /* inverse frequency, clipped */
    double ema;             /* 0 = off */
    double clip_norm;       /* 0 = off */
    int64_t shift;          /* augmentation, pixels or time steps; 0 */
    bool flip;              /* false */
    nas_loss_kind loss;     /* regression: mse or huber; classification: cross-entropy; of
                               several labels: binary */
    double noise;           /* augmentation, see nas_augment; 0 = off, also below */
    double time_warp;
    int64_t mask_time, mask_bands;
    double rotate, erase, mixup, cutmix;
    double focal; /* exponent of the focal loss, classification; 0 = off */
} nas_recipe;

/* The parameter table of a recipe, in the order of the struct. */
extern const nas_param nas_recipe_params[];

/* Defaults for a task. */
nas_recipe nas_recipe_default(nas_task task);

/* Set one entry by name from text ("learning_rate", "0.01") or from a value in table
 * order. @return NAS_E_CONFIG with did-you-mean */
nas_status nas_recipe_set(nas_recipe *recipe, const char *name, const char *text,
                          nas_err *err);

/* Keys into an object already begun; and back (absent keys keep defaults). */
void nas_recipe_write_json(const nas_recipe *recipe, nas_json *json);
nas_status nas_recipe_read_json(const json_t *object, nas_recipe *recipe, nas_err *err);

/* A recipe from the text of such an object. @param what  it is, for messages */
nas_status nas_recipe_parse(const char *text, const char *what, nas_task task,
                            nas_recipe *out, nas_err *err);

/* Identity of a recipe, part of what a result depends on. */
uint64_t nas_recipe_hash(const nas_recipe *recipe);

/* Learning rate of a step: linear warm-up, then cosine to zero.
 * @param step  0 .. total-1 */
double nas_recipe_learning_rate(const nas_recipe *recipe, int64_t step, int64_t total);

#endif
