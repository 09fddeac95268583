/* Search spaces: which networks exist, and how to move among them.
 *
 * A space is written in YAML (docs/space-language.md) or is a preset of that language. A
 * strategy sees opaque candidates only. A decision tree is the implementation here; a
 * growing space (graph morphisms) is a second one behind the same table. */
#ifndef NASMITH_SPACE_H
#define NASMITH_SPACE_H

#include "nasmith/arena.h"
#include "nasmith/err.h"
#include "nasmith/graph.h"
#include "nasmith/json.h"
#include "nasmith/recipe.h"
#include "nasmith/rng.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct nas_space nas_space;

/* One point of a space: an assignment of its decisions. Opaque; lives in an arena or as
 * long as its space says; immutable. */
typedef struct nas_candidate nas_candidate;

/* Columns of the input that stand for one category: 1 at its level, 0 at the others. */
typedef struct nas_space_category {
    int32_t from, count;
} nas_space_category;

enum { NAS_SPACE_CATEGORIES = 256 }; /* more stay plain columns */

/* What a space needs to know of the data. */
typedef struct nas_space_context {
    nas_shape input;
    int64_t n_outputs;
    nas_task task;
    int64_t raw; /* values of a raw row that is encoded into `input`; 0: it is not. Only
                    costs depend on it */
    int64_t sample_rate; /* samples per second of a series; 0: not known */
    int n_categories;
    nas_space_category categories[NAS_SPACE_CATEGORIES]; /* ascending, apart */
} nas_space_context;

/* What a space can do; a strategy names what it needs and is refused by name. */
enum {
    NAS_SPACE_NEIGHBOURS = 1 << 0,
    NAS_SPACE_CROSSOVER = 1 << 1,
    NAS_SPACE_ENUMERABLE = 1 << 2, /* at most 2^20 assignments */
    NAS_SPACE_ENCODES = 1 << 3,    /* fixed-length encoding and features */
};

/* Load a preset by name or a YAML file by path.
 * @param what  "image-cnn", "mbconv", "conv1d", "audio", "table-mlp", "nasbench201",
 * "darts", "nasbench-macro", "resnet", "transformer", "auto", or a path
 * @param out   Ownership: caller, nas_space_free
 * @return NAS_E_CONFIG with file:line:column, source line (err->source) and did-you-mean;
 *         NAS_E_IO */
nas_status nas_space_load(const char *what, const nas_space_context *context,
                          nas_space **out, nas_err *err);
/* The same from text (fuzzing, studies). @param name  for messages */
nas_status nas_space_parse(const char *text, size_t bytes, const char *name,
                           const nas_space_context *context, nas_space **out,
                           nas_err *err);
void nas_space_free(nas_space *space);

/* Presets: name and one-line summary. @return number; index < number */
int nas_space_preset_count(void);
const char *nas_space_preset_name(int index);
const char *nas_space_preset_summary(int index);
const char *nas_space_preset_text(int index); /* the YAML */

/* The preset `auto` stands for, and why (one sentence in *why). */
const char *nas_space_auto(const nas_space_context *context, const char **why);

const char *nas_space_name(const nas_space *space);
const char *nas_space_text(const nas_space *space); /* the YAML it was read from */
uint64_t nas_space_hash(const nas_space *space);    /* of its meaning: text + context */
unsigned nas_space_abilities(const nas_space *space);

/* Number of assignments (raw, active decisions only); may be huge, hence double. */
double nas_space_size(const nas_space *space);

/* Decisions, for tables and explanations. */
typedef struct nas_decision_info {
    const char *name; /* stable dotted name: "stage2.block1.out" */
    int n_values;
    const char *const *values; /* as text */
    bool ordered;              /* numeric: neighbours are adjacent values */
    bool training;             /* of the `train:` section */
} nas_decision_info;

int nas_space_decision_count(const nas_space *space);
nas_decision_info nas_space_decision(const nas_space *space, int index);
/* Chosen value index of a candidate, or -1 where the decision is inactive. */
int nas_space_choice(const nas_space *space, const nas_candidate *candidate, int index);

/* All candidates below are allocated in the arena given; NULL only when memory is out. */

/* Uniform over raw assignments: every active decision uniform over its values. */
nas_candidate *nas_space_sample(const nas_space *space, nas_rng *rng, nas_arena *arena);

/* One change: an active decision, chosen uniformly, gets a different value (numeric ones:
 * adjacent with probability 1/2, else any other); newly active decisions are drawn
 * uniformly. The result's key may equal the parent's; callers that need novelty check. */
nas_candidate *nas_space_mutate(const nas_space *space, const nas_candidate *parent,
                                nas_rng *rng, nas_arena *arena);

/* All candidates one decision away; newly active decisions have their first value. *out
 * array of *n in the arena.
 * @return NAS_E_UNSUPPORTED without NAS_SPACE_NEIGHBOURS; NAS_E_NOMEM */
nas_status nas_space_neighbours(const nas_space *space, const nas_candidate *candidate,
                                nas_arena *arena, nas_candidate ***out, int64_t *n,
                                nas_err *err);

/* Uniform crossover over decisions active in both; those active in one parent alone are
 * taken from it. */
nas_candidate *nas_space_crossover(const nas_space *space, const nas_candidate *a,
                                   const nas_candidate *b, nas_rng *rng,
                                   nas_arena *arena);

/* The assignment of smallest index first: candidate number `index` of
 * [0, nas_space_size). Needs NAS_SPACE_ENUMERABLE.
 * @return NULL also for an index outside */
nas_candidate *nas_space_at(const nas_space *space, int64_t index, nas_arena *arena);

/* The candidate with the smallest number, or the alternative written first, in every
 * decision: where the walk to a feasible network starts. */
nas_candidate *nas_space_smallest(const nas_space *space, nas_arena *arena);

/* The candidate that takes values[d] wherever decision d turns out active.
 * @param values  [nas_space_decision_count] value index per decision; -1: drawn
 *                uniformly */
nas_candidate *nas_space_assign(const nas_space *space, const int16_t *values,
                                nas_rng *rng, nas_arena *arena);

/* Writing a candidate decision by decision, as a policy does: the next one in the order
 * in which the space meets them, all that make it active being settled.
 * @param values   [nas_space_decision_count] what is settled; -1: not yet
 * @param scratch  a few bytes per decision are left there
 * @param out      its index; -1: every active decision is settled
 * @return NAS_E_NOMEM */
nas_status nas_space_next_decision(const nas_space *space, const int16_t *values,
                                   nas_arena *scratch, int *out, nas_err *err);

/* The same assignment in another arena. */
nas_candidate *nas_candidate_copy(const nas_candidate *candidate, nas_arena *arena);

/* Identity with dead parts deleted (unused branches, identity positions): candidates with
 * equal keys mean the same network and recipe. NAS-Bench-201: 9,445 classes. */
uint64_t nas_space_key(const nas_space *space, const nas_candidate *candidate);

/* Fixed-length numeric encoding (one-hot per decision, zeros where inactive).
 * @param out  nas_space_encoding_size floats */
int64_t nas_space_encoding_size(const nas_space *space);
void nas_space_encode(const nas_space *space, const nas_candidate *candidate, float *out);

/* Numbers that describe the live network, for models: operators by kind, paths through
 * its cells and through what lies around them, widths, and weights and work (estimated
 * from widths and strides, not counted). Not scaled; what a space keeps constant is
 * constant here.
 * @param out  NAS_SPACE_FEATURES floats, finite
 * @return the key: both come from one lowering */
enum { NAS_SPACE_FEATURES = 48 };
uint64_t nas_space_features(const nas_space *space, const nas_candidate *candidate,
                            float *out);

/* The ways through the cells of the live network as hashes of their operators, whatever
 * nodes they lead over; those of more than `most` operators are left out (of a skipping
 * edge, too, the operator counts).
 * @param out  distinct, in no order  @param room  of out; further ones are left out
 * @return their number; 0 in a space without cells, and when memory is out */
int nas_space_paths(const nas_space *space, const nas_candidate *candidate, int most,
                    uint64_t *out, int room);

/* How often each neighbourhood of operators occurs in the cells of the live network and
 * in the chain around them: Weisfeiler-Lehman labels of `rounds` refinements and of none,
 * counted in NAS_SPACE_WL buckets by their hash. Zeros when memory is out.
 * @param out  NAS_SPACE_WL floats */
enum { NAS_SPACE_WL = 128 };
void nas_space_wl(const nas_space *space, const nas_candidate *candidate, int rounds,
                  float *out);

/* The network of a candidate, without fitted front section, ending in logits or targets.
 * @return NAS_E_GRAPH when the candidate has no network (disconnected, window larger than
 *         its input, ...): such candidates are infeasible, not errors */
nas_status nas_space_decode(const nas_space *space, const nas_candidate *candidate,
                            nas_graph **out, nas_err *err);

/* ---- all alternatives at once ------------------------------------------------------ */

/* A choice among blocks that stand side by side in a mixture. Where the nodes of a cell
 * pick their inputs, every edge they could read is such a choice. */
typedef struct nas_mixed_choice {
    const char *name;   /* of the decision, or of the edge */
    int n;              /* alternatives */
    int none, skip;     /* which is `none`, which does nothing; -1: none of them */
    int decision;       /* of the space; -1: an edge to be picked */
    int pick_from;      /* the tensor an edge to be picked reads; else -1 */
    const void *target; /* private: the node that picks */
} nas_mixed_choice;

/* A weighted sum in the graph: input k is alternative value[k] of a choice. Cells of a
 * stack have mixtures of their own and share their choices. */
typedef struct nas_mixture {
    int node; /* an addition */
    int choice;
    int n;
    const int *values; /* [n]; `none` is not among them */
} nas_mixture;

typedef struct nas_mixed {
    nas_graph *graph; /* Ownership: caller, nas_graph_free */
    const nas_mixed_choice *choices;
    int n_choices;
    const nas_mixture *mixtures; /* by node */
    int n_mixtures;
} nas_mixed;

/* The network in which every choice among blocks is the sum of its alternatives: what
 * gradient-based search trains. In the arena, apart from the graph.
 * @return NAS_E_UNSUPPORTED, naming the decision, where a space cannot be mixed: it
 *         decides more than which block stands in a place, or alternatives differ in
 *         shape */
nas_status nas_space_mix(const nas_space *space, nas_arena *arena, nas_mixed *out,
                         nas_err *err);

/* The candidate of the strongest alternatives: of every choice the strongest (`none` may
 * win it); where nodes pick their inputs, the inputs whose strongest alternative other
 * than `none` is strongest.
 * @param strengths  [n_choices][stride], larger is stronger, stride >= every n
 * @return NULL when memory is out */
nas_candidate *nas_space_strongest(const nas_space *space, const nas_mixed *mixed,
                                   const double *strengths, int stride, nas_arena *arena);

/* Apply the candidate's `train:` decisions to a recipe. */
nas_status nas_space_recipe(const nas_space *space, const nas_candidate *candidate,
                            nas_recipe *recipe, nas_err *err);

/* {"stage1.out":"16",...} with active decisions only; and back. */
void nas_candidate_write_json(const nas_space *space, const nas_candidate *candidate,
                              nas_json *json);
nas_status nas_candidate_read_json(const nas_space *space, const json_t *object,
                                   nas_arena *arena, nas_candidate **out, nas_err *err);

#endif
