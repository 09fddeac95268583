/* What MNIST-style file names say: `NAME-train-images-idx3-ubyte.gz`. */
#ifndef NASMITH_DATA_IDX_NAMES_H
#define NASMITH_DATA_IDX_NAMES_H

#include "data/source.h"

/* How the axes of an input array are meant. */
typedef enum nas_idx_axes {
    NAS_IDX_IMAGE,  /* N x H x W or N x C x H x W */
    NAS_IDX_PLANE,  /* the same, but a time-frequency plane: never mirrored */
    NAS_IDX_SERIES, /* N x channels x time */
} nas_idx_axes;

typedef enum nas_idx_role {
    NAS_IDX_OTHER, /* lengths and unknown words */
    NAS_IDX_INPUTS,
    NAS_IDX_LABELS,
    NAS_IDX_GROUPS,
} nas_idx_role;

/* A file name taken apart: set "NAME" (may be ""), prefix "NAME-train", the rest by
 * meaning. */
typedef struct nas_idx_name {
    char set[128];
    char prefix[128];
    char word[32]; /* the word that gave the role: "images", "signals", ... */
    nas_part part;
    nas_idx_role role;
    nas_idx_axes axes;
} nas_idx_name;

/* @param name  file name without directory
 * @return false when it holds no word that tells a role */
bool nas_idx_name_parse(const char *name, nas_idx_name *out);

#endif
