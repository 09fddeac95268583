/* What is fitted on training rows before a network is compiled for them. */
#ifndef NASMITH_EVALUATE_FITTED_H
#define NASMITH_EVALUATE_FITTED_H

#include "nasmith/arena.h"
#include "nasmith/data.h"
#include "nasmith/graph.h"
#include "nasmith/net.h"
#include "nasmith/recipe.h"

typedef struct nas_fitted {
    nas_front front;
    float *target_mean,
        *target_deviation; /* [outputs]; NULL where targets have no units */
    float *class_weights;  /* [outputs], or NULL where the recipe has none */
    int64_t batch; /* the recipe's, smaller where there are fewer rows, at least 16 */
} nas_fitted;

/* Rows to fit on, for a network and a recipe. */
typedef struct nas_fit_task {
    const nas_dataset *data; /* may be behind the graph's computed front section
                                (nas_dataset_front) */
    const nas_graph *graph;  /* NULL: one whose front section computes nothing */
    const int64_t *rows;     /* [n] */
    int64_t n;
    const nas_recipe *recipe;
    bool plain; /* of nas_dataset_fit_front: for int8 networks */
} nas_fit_task;

/* Everything lives in the arena. @return NAS_E_NOMEM */
nas_status nas_fit(const nas_fit_task *task, nas_arena *arena, nas_fitted *out,
                   nas_err *err);

/* Options of a net that trains with the recipe on what was fitted. */
nas_net_options nas_fitted_options(const nas_fitted *fitted, const nas_recipe *recipe);

/* The optimizer and the augmentation of a recipe. */
nas_optimizer nas_recipe_optimizer(const nas_recipe *recipe);
nas_augment nas_recipe_augment(const nas_recipe *recipe, nas_shape shape);

#endif
