/* Features of a candidate: one walk over its program.
 *
 * What a path is made of is summed up without listing paths: their number as a logarithm,
 * means over all of them, and extremes. Operators in a row add to every path, branches
 * join by the shares of their numbers. */
#include "space/build.h"

#include <math.h>
#include <string.h>

/* Operators that are counted. */
enum {
    COUNT_POINTWISE, /* convolutions of kernel 1, */
    COUNT_SMALL,     /* of kernel 2 to 4, */
    COUNT_LARGE,     /* of 5 and more */
    COUNT_DEPTHWISE_SMALL,
    COUNT_DEPTHWISE_LARGE,
    COUNT_MBCONV,
    COUNT_DENSE,
    COUNT_MAX_POOL,
    COUNT_AVG_POOL,
    COUNT_DROPOUT,
    COUNT_NORM,
    COUNT_RESIDUAL,
    COUNT_BRANCH,
    COUNT_EDGE,
    COUNT_SKIP, /* edges that change nothing */
    COUNTS
};

/* Summary of the paths that lead from a start to one tensor. */
typedef struct bundle {
    double log_n; /* of their number; -infinity: none */
    double mean_conv, max_conv, min_conv;
    double mean_window, max_window; /* operators that look at neighbours */
    double max_pool, with_pool;     /* with_pool: share of paths */
    double bare;                    /* share of paths without any operator */
    double min_length, max_length;
} bundle;

enum { PATHS = 11, DEGREES = 4, SIZES = 5 };
_Static_assert(COUNTS + 2 * PATHS + DEGREES + SIZES + 2 == NAS_SPACE_FEATURES,
               "every feature has its place");

typedef struct walker {
    const nas_program *program;
    int at;
    bool flat; /* series: windows have one row */
    double width, area;
    int64_t rate;    /* samples per second */
    double channels; /* of the stack that is open */
    double counts[COUNTS];
    double cells; /* number of them, and sums over them */
    double cell_paths[PATHS], degrees[DEGREES];
    double weights, work; /* estimates */
    double widths, convs, widest;
} walker;

static const bundle NO_PATH = {.log_n = -(double)INFINITY};
static const bundle ONE_PATH = {.bare = 1};

/* Paths of two tensors that are added or concatenated. */
static void join(bundle *to, const bundle *from)
{
    if (isinf(from->log_n))
        return;
    if (isinf(to->log_n)) {
        *to = *from;
        return;
    }
    double most = fmax(to->log_n, from->log_n);
    double total = most + log(exp(to->log_n - most) + exp(from->log_n - most));
    double a = exp(to->log_n - total), b = exp(from->log_n - total);
    to->log_n = total;
    to->mean_conv = a * to->mean_conv + b * from->mean_conv;
    to->mean_window = a * to->mean_window + b * from->mean_window;
    to->with_pool = a * to->with_pool + b * from->with_pool;
    to->bare = a * to->bare + b * from->bare;
    to->max_conv = fmax(to->max_conv, from->max_conv);
    to->min_conv = fmin(to->min_conv, from->min_conv);
    to->max_window = fmax(to->max_window, from->max_window);
    to->max_pool = fmax(to->max_pool, from->max_pool);
    to->min_length = fmin(to->min_length, from->min_length);
    to->max_length = fmax(to->max_length, from->max_length);
}

/* Every path of `b` goes on with every one of `own`. */
static void follow(bundle *b, const bundle *own)
{
    b->log_n += own->log_n;
    b->mean_conv += own->mean_conv;
    b->max_conv += own->max_conv;
    b->min_conv += own->min_conv;
    b->mean_window += own->mean_window;
    b->max_window += own->max_window;
    b->max_pool += own->max_pool;
    b->with_pool = 1 - (1 - b->with_pool) * (1 - own->with_pool);
    b->bare *= own->bare;
    b->min_length += own->min_length;
    b->max_length += own->max_length;
}

/* An operator on all paths of a bundle. */
static void pass(bundle *b, bool conv, bool window, bool pool)
{
    const bundle one = {.mean_conv = conv,
                        .max_conv = conv,
                        .min_conv = conv,
                        .mean_window = window,
                        .max_window = window,
                        .max_pool = pool,
                        .with_pool = pool,
                        .min_length = 1,
                        .max_length = 1};
    follow(b, &one);
}

static void write_paths(const bundle *b, double *out)
{
    double n = exp(fmin(b->log_n, 12));
    const double all[PATHS] = {log1p(n),           log1p(n * b->with_pool),
                               log1p(n * b->bare), b->mean_conv,
                               b->max_conv,        b->min_conv,
                               b->mean_window,     b->max_window,
                               b->max_pool,        b->min_length,
                               b->max_length};
    for (int i = 0; i < PATHS; i++)
        out[i] += all[i];
}

/* ---- operators -------------------------------------------------------------------- */

static double taps(const walker *w, double kernel)
{
    return w->flat ? kernel : kernel * kernel;
}

static void stride(walker *w, double by)
{
    w->area = fmax(1, w->area / (w->flat ? by : by * by));
}

/* Width after an operator whose setting is `out`; below zero: a multiple. */
static double widen(walker *w, double out)
{
    double width = out < 0 ? -out * w->width : out;
    width = fmax(1, width);
    w->widths += log2(width);
    w->convs++;
    w->widest = fmax(w->widest, log2(width));
    return width;
}

static void spend(walker *w, double weights)
{
    w->weights += weights;
    w->work += weights * w->area;
}

static void walk_conv(walker *w, const double *arg, bundle *b)
{
    double kernel = arg[CONV_KERNEL], out = widen(w, arg[CONV_OUT]);
    w->counts[kernel <= 1 ? COUNT_POINTWISE : kernel <= 4 ? COUNT_SMALL : COUNT_LARGE]++;
    stride(w, arg[CONV_STRIDE]);
    spend(w, w->width * out * taps(w, kernel) / fmax(1, arg[CONV_GROUPS]));
    w->width = out;
    pass(b, true, kernel > 1, false);
}

/* @param inside  width of the depthwise part */
static void walk_depthwise(walker *w, double inside, double kernel, double by, bundle *b)
{
    w->counts[kernel <= 4 ? COUNT_DEPTHWISE_SMALL : COUNT_DEPTHWISE_LARGE]++;
    stride(w, by);
    spend(w, inside * taps(w, kernel));
    pass(b, true, kernel > 1, false);
}

static void walk_separable(walker *w, const double *arg, bundle *b)
{
    double out = widen(w, arg[SEPARABLE_OUT]);
    walk_depthwise(w, w->width, arg[SEPARABLE_KERNEL], arg[SEPARABLE_STRIDE], b);
    spend(w, w->width * out);
    w->width = out;
}

static void walk_mbconv(walker *w, const double *arg, bundle *b)
{
    double out = widen(w, arg[MBCONV_OUT]), inside = w->width * arg[MBCONV_EXPAND];
    w->counts[COUNT_MBCONV]++;
    spend(w, w->width * inside);
    walk_depthwise(w, inside, arg[MBCONV_KERNEL], arg[MBCONV_STRIDE], b);
    spend(w, inside * out);
    w->width = out;
}

static void walk_pool(walker *w, int count, const double *arg, bundle *b)
{
    w->counts[count]++;
    stride(w, arg[POOL_STRIDE]);
    pass(b, false, true, true);
}

static void walk_dense(walker *w, const double *arg, bundle *b)
{
    double out = widen(w, arg[DENSE_OUT]);
    w->counts[COUNT_DENSE]++;
    w->weights += w->width * out;
    w->work += w->width * out;
    w->width = out;
    pass(b, true, false, false);
}

/* Projections, scores and sums; then two pointwise convolutions if there is a width. */
static void walk_attention(walker *w, double expand, bundle *b)
{
    w->counts[COUNT_POINTWISE] += expand > 0 ? 4 : 2;
    w->work += 2 * w->width * w->area * w->area;
    spend(w, (4 + 2 * expand) * w->width * w->width);
    pass(b, true, true, false);
}

/* Frames and rows instead of samples. */
static void walk_spectrum(walker *w, const nas_instr *instr)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_build_spectrum_attributes(instr, w->rate, attr);
    const double window = (double)attr[NAS_ATTR_SPECTRUM_WINDOW].i;
    const double bands = (double)attr[NAS_ATTR_SPECTRUM_BANDS].i;
    const double coefficients = (double)attr[NAS_ATTR_SPECTRUM_COEFFICIENTS].i;
    const double rows = coefficients > 0 ? coefficients : bands > 0 ? bands : window / 2;
    const double hop = (double)attr[NAS_ATTR_SPECTRUM_HOP].i;
    const double frames = fmax(1, floor((w->area - window) / hop) + 1);
    const bool series = attr[NAS_ATTR_SPECTRUM_SERIES].i != 0;
    w->flat = series;
    w->width = series ? w->width * rows : w->width;
    w->area = series ? frames : frames * rows;
}

static void walk_operator(walker *w, const nas_instr *instr, bundle *b)
{
    switch (instr->code) {
    case NAS_BLOCK_CONV:
        walk_conv(w, instr->arg, b);
        return;
    case NAS_BLOCK_DEPTHWISE:
        walk_depthwise(w, w->width, instr->arg[DEPTHWISE_KERNEL],
                       instr->arg[DEPTHWISE_STRIDE], b);
        return;
    case NAS_BLOCK_SEPARABLE:
        walk_separable(w, instr->arg, b);
        return;
    case NAS_BLOCK_MBCONV:
        walk_mbconv(w, instr->arg, b);
        return;
    case NAS_BLOCK_DENSE:
        walk_dense(w, instr->arg, b);
        return;
    case NAS_BLOCK_MAX_POOL:
        walk_pool(w, COUNT_MAX_POOL, instr->arg, b);
        return;
    case NAS_BLOCK_AVG_POOL:
        walk_pool(w, COUNT_AVG_POOL, instr->arg, b);
        return;
    case NAS_BLOCK_GLOBAL_AVG_POOL:
    case NAS_BLOCK_GLOBAL_MAX_POOL:
        w->area = 1;
        return;
    case NAS_BLOCK_SPECTROGRAM:
    case NAS_BLOCK_LOG_MEL:
    case NAS_BLOCK_MFCC:
        walk_spectrum(w, instr);
        return;
    case NAS_BLOCK_FLATTEN:
        w->width *= w->area;
        w->area = 1;
        return;
    case NAS_BLOCK_DROPOUT:
        w->counts[COUNT_DROPOUT] += instr->arg[DROPOUT_RATE];
        return;
    case NAS_BLOCK_EMBED:
        w->counts[COUNT_DENSE]++;
        spend(w, w->width * instr->arg[EMBED_OUT]);
        return;
    case NAS_BLOCK_TOKENS:
        w->area = w->width;
        w->width = instr->arg[TOKENS_OUT];
        spend(w, w->width);
        return;
    case NAS_BLOCK_ATTENTION:
        walk_attention(w, 0, b);
        return;
    case NAS_BLOCK_TRANSFORMER:
        walk_attention(w, instr->arg[TRANSFORMER_EXPAND], b);
        return;
    case NAS_BLOCK_LAYER_NORM:
    case NAS_BLOCK_GROUP_NORM:
    case NAS_BLOCK_BATCH_NORM:
        w->counts[COUNT_NORM]++;
        return;
    default: /* activations */
        return;
    }
}

/* ---- structure -------------------------------------------------------------------- */

/* Everything up to the END of what is open, or of the program. Nesting is at most
 * SPACE_MAX_DEPTH deep. */
static void walk(walker *w, bundle *b);

static void walk_residual(walker *w, bundle *b)
{
    bundle body = *b;
    w->counts[COUNT_RESIDUAL]++;
    walk(w, &body);
    join(b, &body);
}

static void walk_branches(walker *w, const nas_instr *head, bundle *b)
{
    bundle all = NO_PATH;
    double width = w->width, area = w->area, sum = 0;
    int n = (int)head->arg[BRANCHES_JOIN + 1];
    for (int i = 0; i < n; i++) {
        bundle branch = *b;
        w->width = width;
        w->area = area;
        w->counts[COUNT_BRANCH]++;
        walk(w, &branch);
        join(&all, &branch);
        sum += w->width;
    }
    if ((int)head->arg[BRANCHES_JOIN] == JOIN_CONCAT)
        w->width = sum;
    if (n > 0)
        *b = all;
}

/* One edge; adds to the tensor it ends in. */
static void walk_edge(walker *w, const nas_instr *head, int inputs, int last,
                      bundle *tensors)
{
    int from = (int)head->arg[0], to = (int)head->arg[1];
    bundle own = ONE_PATH, all = tensors[from];
    w->counts[COUNT_EDGE]++;
    walk(w, &own);
    w->counts[COUNT_SKIP] += own.bare > 0;
    follow(&all, &own);
    join(&tensors[to], &all);
    bool conv = own.max_conv > 0;
    w->degrees[0] += to == last;
    w->degrees[1] += to == last && conv;
    w->degrees[2] += from < inputs;
    w->degrees[3] += from < inputs && conv;
}

static void walk_cell(walker *w, const nas_instr *head)
{
    bundle tensors[SPACE_MAX_NODES + 2];
    int inputs = (int)head->arg[CELL_ARG_INPUTS], nodes = (int)head->arg[CELL_ARG_NODES];
    double width = w->channels * head->arg[CELL_ARG_SCALE], area = w->area;
    for (int i = 0; i < inputs + nodes; i++)
        tensors[i] = i < inputs ? ONE_PATH : NO_PATH;
    while (w->program->instrs[w->at].code == PROGRAM_EDGE) {
        const nas_instr *edge = &w->program->instrs[w->at++];
        w->width = width;
        w->area = area;
        walk_edge(w, edge, inputs, inputs + nodes - 1, tensors);
    }
    w->at++; /* END */
    bundle out = tensors[inputs + nodes - 1];
    bool concat = (int)head->arg[CELL_ARG_OUTPUT] == OUTPUT_CONCAT;
    for (int i = inputs; concat && i < inputs + nodes - 1; i++)
        join(&out, &tensors[i]);
    w->width = concat ? width * nodes : width;
    w->cells++;
    write_paths(&out, w->cell_paths);
}

/* Stacks may lie in the edges of others. */
static void walk_stack(walker *w, const nas_instr *head, bundle *b)
{
    double channels = w->channels;
    w->channels = head->arg[0] < 0 ? -head->arg[0] * w->width : head->arg[0];
    walk(w, b);
    w->channels = channels;
}

static void walk(walker *w, bundle *b)
{
    while (w->at < w->program->n) {
        const nas_instr *instr = &w->program->instrs[w->at++];
        switch (instr->code) {
        case PROGRAM_END:
            return;
        case PROGRAM_RESIDUAL:
            walk_residual(w, b);
            break;
        case PROGRAM_BRANCHES:
            walk_branches(w, instr, b);
            break;
        case PROGRAM_STACK:
            walk_stack(w, instr, b);
            break;
        case PROGRAM_CELL:
            walk_cell(w, instr);
            break;
        case PROGRAM_SHRINK:
            stride(w, 2);
            break;
        case PROGRAM_TRAIN:
            break;
        default:
            walk_operator(w, instr, b);
            break;
        }
    }
}

static void collect(const walker *w, const bundle *around, double *out)
{
    double cells = fmax(1, w->cells);
    memcpy(out, w->counts, sizeof w->counts);
    out += COUNTS;
    for (int i = 0; i < PATHS; i++)
        *out++ = w->cell_paths[i] / cells;
    for (int i = 0; i < DEGREES; i++)
        *out++ = w->degrees[i] / cells;
    write_paths(around, out);
    out += PATHS;
    *out++ = w->widths / fmax(1, w->convs);
    *out++ = w->widest;
    *out++ = log2(1 + w->weights);
    *out++ = log2(1 + w->work);
    *out++ = log2(w->area);
    *out++ = log2(fmax(1, w->width));
    *out++ = w->cells;
}

uint64_t nas_space_features(const nas_space *space, const nas_candidate *candidate,
                            float *out)
{
    nas_program program;
    double all[NAS_SPACE_FEATURES] = {0};
    nas_space_lower(space, candidate, &program);
    const nas_shape *input = &space->context.input;
    if (program.status == NAS_OK && !program.zero) {
        walker w = {.program = &program,
                    .flat = input->h == 1,
                    .rate = space->context.sample_rate,
                    .width = (double)input->c,
                    .area = (double)(input->h * input->w)};
        bundle around = ONE_PATH;
        walk(&w, &around);
        collect(&w, &around, all);
    }
    for (int i = 0; i < NAS_SPACE_FEATURES; i++)
        out[i] = isfinite(all[i]) ? (float)all[i] : 0.0F;
    uint64_t key = nas_program_key(&program, candidate);
    nas_program_free(&program);
    return key;
}
