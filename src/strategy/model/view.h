/* Candidates as a model sees them: their choices, and scaled features of the network. */
#ifndef NASMITH_STRATEGY_MODEL_VIEW_H
#define NASMITH_STRATEGY_MODEL_VIEW_H

#include "nasmith/space.h"

#include <stdbool.h>
#include <stdint.h>

enum { VIEW_MOST = NAS_SPACE_WL }; /* raw features */
_Static_assert((int)VIEW_MOST >= (int)NAS_SPACE_FEATURES, "there is room for either");

/* How candidates of one space are seen. */
typedef struct view {
    const nas_space *space;
    int decisions;
    int rounds; /* features are Weisfeiler-Lehman counts of so many; 0: nas_space_features
                 */
    int width;  /* of raw features */
    int used;   /* features that differ within the space */
    int feature[VIEW_MOST];
    float centre[VIEW_MOST], scale[VIEW_MOST]; /* deviation 0.5 */
    float *step; /* [decisions] distance of adjacent values; 0: not ordered */
} view;

/* A set of candidates. Rows may be appended up to the capacity. */
typedef struct view_set {
    int64_t n, capacity;
    uint64_t *key;             /* [n] */
    int16_t *pick;             /* [n][decisions] */
    float *feature;            /* [n][used] */
    float *raw;                /* [n][width], until the scale is known; or NULL */
    nas_candidate **candidate; /* [n], or NULL where the owner has no use for them */
} view_set;

/* All distinct candidates of a space, each as its assignment of smallest number: values
 * written first stand for whatever has no effect (in a cell `none`, if it is first), so
 * that distances do not count dead choices. Sorted by key. Sets the scale from them.
 * @param rounds  of refinement of Weisfeiler-Lehman labels; 0: the space's own features
 * @param arena   owns everything
 * Cost: one lowering per assignment */
nas_status nas_view_all(view *v, const nas_space *space, int rounds, nas_arena *arena,
                        view_set *out, nas_err *err);

/* The scale from 512 draws, where the space is too large for all. */
nas_status nas_view_sample(view *v, const nas_space *space, int rounds, nas_arena *arena,
                           nas_err *err);

nas_status nas_view_set_new(const view *v, int64_t capacity, nas_arena *arena,
                            view_set *out, nas_err *err);
/* Append a candidate with the choices it was given. */
void nas_view_add(const view *v, view_set *set, nas_candidate *candidate);

/* Decisions in which two candidates differ, by how much where values are ordered, as a
 * share of all, times 6 (the edges of the cell for which the ranges of the length-scales
 * were measured). */
double nas_view_hamming(const view *v, const int16_t *a, const int16_t *b);
/* Mean squared difference of the scaled features. */
double nas_view_features(const view *v, const float *a, const float *b);

#endif
