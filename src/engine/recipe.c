#include "nasmith/recipe.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const char *const OPTIMIZERS[] = {"adamw", "sgd", NULL};
static const char *const LOSSES[] = {"cross_entropy", "mse", "huber", "binary", NULL};

enum {
    OPTIMIZER,
    LEARNING_RATE,
    WEIGHT_DECAY,
    BATCH,
    WARMUP_FRAC,
    LABEL_SMOOTHING,
    CLASS_WEIGHTS,
    EMA,
    CLIP_NORM,
    SHIFT,
    FLIP,
    LOSS,
    FIRST_ENTRIES,
    NOISE = FIRST_ENTRIES,
    TIME_WARP,
    MASK_TIME,
    MASK_BANDS,
    ROTATE,
    ERASE,
    MIXUP,
    CUTMIX,
    FOCAL,
    ENTRIES
};

static const char MEASURED[] =
    "measured on Fashion-MNIST chains of 5 k to 158 k parameters";

const nas_param nas_recipe_params[] = {
    [OPTIMIZER] = {.name = "optimizer",
                   .type = NAS_PARAM_CHOICE,
                   .default_text = "adamw",
                   .choices = OPTIMIZERS,
                   .doc = "AdamW (decoupled decay) or SGD with Nesterov momentum 0.9.",
                   .source = MEASURED},
    [LEARNING_RATE] = {.name = "learning_rate",
                       .type = NAS_PARAM_REAL,
                       .default_text = "0.02",
                       .min = 1e-7,
                       .max = 10,
                       .doc = "Peak learning rate, reached after the warm-up.",
                       .source = MEASURED},
    [WEIGHT_DECAY] = {.name = "weight_decay",
                      .type = NAS_PARAM_REAL,
                      .default_text = "0.02",
                      .min = 0,
                      .max = 10,
                      .doc = "Decay of kernels; biases and norms are spared.",
                      .source = MEASURED},
    [BATCH] = {.name = "batch",
               .type = NAS_PARAM_INT,
               .unit = "rows",
               .default_text = "64",
               .min = 16,
               .max = 4096,
               .doc = "Rows per training step, a multiple of 16.",
               .source = MEASURED},
    [WARMUP_FRAC] = {.name = "warmup_frac",
                     .type = NAS_PARAM_REAL,
                     .default_text = "0.2",
                     .min = 0,
                     .max = 0.9,
                     .doc = "Share of all steps in which the rate rises linearly.",
                     .source = MEASURED},
    [LABEL_SMOOTHING] = {.name = "label_smoothing",
                         .type = NAS_PARAM_REAL,
                         .default_text = "0.05",
                         .min = 0,
                         .max = 0.9,
                         .doc = "Share of the target spread over all classes.",
                         .source = MEASURED},
    [CLASS_WEIGHTS] = {.name = "class_weights",
                       .type = NAS_PARAM_BOOL,
                       .default_text = "false",
                       .doc = "Weight classes by inverse frequency, at most tenfold."},
    [EMA] = {.name = "ema",
             .type = NAS_PARAM_REAL,
             .default_text = "0",
             .min = 0,
             .max = 0.9999,
             .doc = "Decay per step of averaged weights used at the end; 0 is off."},
    [CLIP_NORM] = {.name = "clip_norm",
                   .type = NAS_PARAM_REAL,
                   .default_text = "0",
                   .min = 0,
                   .max = 1e6,
                   .doc = "Largest norm of the whole gradient; 0 is off."},
    [SHIFT] = {.name = "shift",
               .type = NAS_PARAM_INT,
               .unit = "pixels",
               .default_text = "0",
               .min = 0,
               .max = 64,
               .doc = "Augmentation: shift by at most so many pixels or time steps.",
               .source = MEASURED},
    [FLIP] = {.name = "flip",
              .type = NAS_PARAM_BOOL,
              .default_text = "false",
              .doc = "Augmentation: mirror images left-right half of the time.",
              .source = MEASURED},
    [LOSS] = {.name = "loss",
              .type = NAS_PARAM_CHOICE,
              .default_text = "cross_entropy",
              .choices = LOSSES,
              .doc = "Loss; regression defaults to mse, several labels to binary."},
    [NOISE] = {.name = "noise",
               .type = NAS_PARAM_REAL,
               .default_text = "0",
               .min = 0,
               .max = 4,
               .doc = "Augmentation: normal noise, in deviations of each channel."},
    [TIME_WARP] =
        {.name = "time_warp",
         .type = NAS_PARAM_REAL,
         .default_text = "0",
         .min = 0,
         .max = 1,
         .doc =
             "Augmentation: stretch a part of the columns (time) by up to this share."},
    [MASK_TIME] =
        {.name = "mask_time",
         .type = NAS_PARAM_INT,
         .unit = "columns",
         .default_text = "0",
         .min = 0,
         .max = 4096,
         .doc = "Augmentation: hide up to so many columns in a row (SpecAugment)."},
    [MASK_BANDS] = {.name = "mask_bands",
                    .type = NAS_PARAM_INT,
                    .unit = "rows",
                    .default_text = "0",
                    .min = 0,
                    .max = 4096,
                    .doc =
                        "Augmentation: hide up to so many rows in a row (SpecAugment)."},
    [ROTATE] = {.name = "rotate",
                .type = NAS_PARAM_REAL,
                .unit = "degrees",
                .default_text = "0",
                .min = 0,
                .max = 180,
                .doc = "Augmentation: turn images by up to so many degrees."},
    [ERASE] = {.name = "erase",
               .type = NAS_PARAM_REAL,
               .default_text = "0",
               .min = 0,
               .max = 1,
               .doc = "Augmentation: hide a box of up to this share, half of the time."},
    [MIXUP] =
        {.name = "mixup",
         .type = NAS_PARAM_REAL,
         .default_text = "0",
         .min = 0,
         .max = 1,
         .doc =
             "Augmentation: average pairs of rows; a of the Beta(a, a) of their shares."},
    [CUTMIX] =
        {.name = "cutmix",
         .type = NAS_PARAM_REAL,
         .default_text = "0",
         .min = 0,
         .max = 1,
         .doc = "Augmentation: exchange boxes between pairs of rows; a as for mixup."},
    [FOCAL] = {.name = "focal",
               .type = NAS_PARAM_REAL,
               .default_text = "0",
               .min = 0,
               .max = 8,
               .doc = "Exponent of the focal loss, which lets rows that are right "
                      "already count less; usual is 2, 0 is off."},
    [ENTRIES] = {.name = NULL},
};

static void to_values(const nas_recipe *recipe, nas_value *values)
{
    values[OPTIMIZER].i = recipe->optimizer;
    values[LEARNING_RATE].f = recipe->learning_rate;
    values[WEIGHT_DECAY].f = recipe->weight_decay;
    values[BATCH].i = recipe->batch;
    values[WARMUP_FRAC].f = recipe->warmup_frac;
    values[LABEL_SMOOTHING].f = recipe->label_smoothing;
    values[CLASS_WEIGHTS].i = recipe->class_weights;
    values[EMA].f = recipe->ema;
    values[CLIP_NORM].f = recipe->clip_norm;
    values[SHIFT].i = recipe->shift;
    values[FLIP].i = recipe->flip;
    values[LOSS].i = recipe->loss;
    values[NOISE].f = recipe->noise;
    values[TIME_WARP].f = recipe->time_warp;
    values[MASK_TIME].i = recipe->mask_time;
    values[MASK_BANDS].i = recipe->mask_bands;
    values[ROTATE].f = recipe->rotate;
    values[ERASE].f = recipe->erase;
    values[MIXUP].f = recipe->mixup;
    values[CUTMIX].f = recipe->cutmix;
    values[FOCAL].f = recipe->focal;
}

static nas_recipe from_values(const nas_value *values)
{
    return (nas_recipe){
        .optimizer = (nas_optimizer_kind)values[OPTIMIZER].i,
        .learning_rate = values[LEARNING_RATE].f,
        .weight_decay = values[WEIGHT_DECAY].f,
        .batch = values[BATCH].i,
        .warmup_frac = values[WARMUP_FRAC].f,
        .label_smoothing = values[LABEL_SMOOTHING].f,
        .class_weights = values[CLASS_WEIGHTS].i != 0,
        .ema = values[EMA].f,
        .clip_norm = values[CLIP_NORM].f,
        .shift = values[SHIFT].i,
        .flip = values[FLIP].i != 0,
        .loss = (nas_loss_kind)values[LOSS].i,
        .noise = values[NOISE].f,
        .time_warp = values[TIME_WARP].f,
        .mask_time = values[MASK_TIME].i,
        .mask_bands = values[MASK_BANDS].i,
        .rotate = values[ROTATE].f,
        .erase = values[ERASE].f,
        .mixup = values[MIXUP].f,
        .cutmix = values[CUTMIX].f,
        .focal = values[FOCAL].f,
    };
}

nas_recipe nas_recipe_default(nas_task task)
{
    nas_value values[ENTRIES];
    nas_param_defaults(nas_recipe_params, values);
    nas_recipe recipe = from_values(values);
    if (nas_task_has_units(task))
        recipe.loss = NAS_LOSS_MSE;
    if (task == NAS_TASK_MULTILABEL)
        recipe.loss = NAS_LOSS_BINARY;
    return recipe;
}

/* What single ranges of the table cannot say. */
static nas_status accept(const nas_value *values, nas_recipe *recipe, nas_err *err)
{
    if (values[BATCH].i % NAS_LANES != 0)
        return nas_fail(err, NAS_E_CONFIG,
                        "recipe: batch: found %lld, expected a multiple of %d",
                        (long long)values[BATCH].i, NAS_LANES);
    *recipe = from_values(values);
    return NAS_OK;
}

static nas_status unknown_name(const char *name, nas_err *err)
{
    const char *names[ENTRIES];
    for (int i = 0; i < ENTRIES; i++)
        names[i] = nas_recipe_params[i].name;
    nas_status status = nas_fail(err, NAS_E_CONFIG, "recipe: unknown setting `%s`", name);
    const char *nearest = nas_text_nearest(name, names, ENTRIES);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    return status;
}

nas_status nas_recipe_set(nas_recipe *recipe, const char *name, const char *text,
                          nas_err *err)
{
    int index = nas_param_find(nas_recipe_params, name);
    if (index < 0)
        return unknown_name(name, err);
    nas_value values[ENTRIES];
    to_values(recipe, values);
    if (nas_param_parse(nas_recipe_params, index, text, values, err) != NAS_OK) {
        nas_err_context(err, "recipe");
        if (err != NULL)
            err->code = NAS_E_CONFIG;
        return NAS_E_CONFIG;
    }
    return accept(values, recipe, err);
}

void nas_recipe_write_json(const nas_recipe *recipe, nas_json *json)
{
    nas_value values[ENTRIES];
    to_values(recipe, values);
    nas_param_to_json(nas_recipe_params, values, json);
}

nas_status nas_recipe_read_json(const json_t *object, nas_recipe *recipe, nas_err *err)
{
    nas_value values[ENTRIES];
    to_values(recipe, values);
    NAS_TRY(nas_param_from_json(nas_recipe_params, object, "recipe", values, err));
    return accept(values, recipe, err);
}

nas_status nas_recipe_parse(const char *text, const char *what, nas_task task,
                            nas_recipe *out, nas_err *err)
{
    json_t *object = NULL;
    *out = nas_recipe_default(task);
    NAS_TRY(nas_json_parse(text, strlen(text), what, &object, err));
    nas_status status = nas_recipe_read_json(object, out, err);
    json_decref(object);
    return status;
}

/* Of the values in table order, eight bytes each, least significant first. Entries that
 * came later count when they are not at their default, so that a recipe without them is
 * the one it was. */
uint64_t nas_recipe_hash(const nas_recipe *recipe)
{
    nas_value values[ENTRIES], defaults[ENTRIES];
    to_values(recipe, values);
    nas_param_defaults(nas_recipe_params, defaults);
    unsigned char bytes[ENTRIES * 8];
    int n = FIRST_ENTRIES;
    for (int i = n; i < ENTRIES; i++)
        n = values[i].i != defaults[i].i ? i + 1 : n;
    for (int i = 0; i < n; i++) {
        uint64_t word = (uint64_t)values[i].i; /* the bits, also of a double */
        for (int k = 0; k < 8; k++)
            bytes[8 * i + k] = (unsigned char)(word >> (8 * k));
    }
    return nas_hash64(bytes, (size_t)n * 8, (uint64_t)n);
}

double nas_recipe_learning_rate(const nas_recipe *recipe, int64_t step, int64_t total)
{
    assert(step >= 0 && step < total);
    const double pi = 3.14159265358979323846;
    double warmup = floor(recipe->warmup_frac * (double)total);
    double s = (double)step;
    if (s < warmup)
        return recipe->learning_rate * (s + 1.0) / warmup;
    double done = (s - warmup) / ((double)total - warmup);
    return recipe->learning_rate * 0.5 * (1.0 + cos(pi * done));
}
