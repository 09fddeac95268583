/* Which channels of a trained network contribute nothing. */
#ifndef NASMITH_EXPORT_CHANNELS_H
#define NASMITH_EXPORT_CHANNELS_H

#include "export/constant.h"

/* Channels that operators pass on, add or multiply stand or fall together: they form one
 * component, and a component goes when every reader does without it. */
typedef struct nas_channels {
    const nas_facts *facts;
    int *alias;      /* [nodes] whose result stands for a node's: itself, or the only term
                        of its sum that is not 0 */
    bool *reached;   /* [nodes] from the output, through aliases */
    int64_t *parent; /* [channels] of the components, as a forest */
    bool *fixed;     /* [channels] by root: must stay */
    bool *needed;    /* [channels] by root */
    int *inputs;     /* [most_inputs] room for nas_channels_inputs */
    int most_inputs; /* of a node */
} nas_channels;

/* @param arena  owns what *out holds */
nas_status nas_channels_find(const nas_facts *facts, nas_arena *arena, nas_channels *out,
                             nas_err *err);

/* Whether channel `c` of a node stays. */
bool nas_channels_keeps(nas_channels *k, int node, int64_t c);

/* Channels of a node that stay. */
int64_t nas_channels_kept(nas_channels *k, int node);

/* What a node reads: through aliases, and of a sum what is not 0.
 * @return their number, in k->inputs */
int nas_channels_inputs(nas_channels *k, int node);

/* Whether a node weighs whole channels against each other, so that its inputs and outputs
 * can lose some independently. */
bool nas_channels_mixes(const nas_node *node);

#endif
