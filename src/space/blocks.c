#include "space/space.h"

#include <string.h>

static const char *const NORMS[] = {"none", "batch", "layer", NULL};
static const char *const BIASES[] = {"auto", "no", "yes", NULL};
static const char *const ACTIVATIONS[] = {"none", "relu", "relu6",
#define CURVE_WORD(upper, lower) #lower,
                                          NAS_CURVE_LIST(CURVE_WORD)
#undef CURVE_WORD
                                              NULL};
static const char *const GATES[] = {"sigmoid", "hard_sigmoid", NULL};
static const char *const PADS[] = {"same", "valid", NULL}; /* NAS_PAD_* */
static const char *const RESULTS[] = {"sequence", "last", NULL};
static const char *const POSITION_KINDS[] = {"learned", "sinusoidal", NULL};
static const char *const JOINS[] = {"add", "concat", NULL};
static const char *const LEVELS[] = {"remove", "keep", NULL};
static const char *const FORMS[] = {"image", "series", NULL};
static const char *const OUTPUTS[] = {"last", "concat", NULL};

#define WIDTH(default_width, what)                                                       \
    {                                                                                    \
        .name = "out", .type = NAS_PARAM_STRING, .default_text = (default_width),        \
        .doc = what " or `x2`: a multiple of the input's."                               \
    }
#define COUNT_OPTION(option, preset, least, most, what)                                  \
    {                                                                                    \
        .name = (option), .type = NAS_PARAM_INT, .default_text = (preset),               \
        .min = (least), .max = (most), .doc = (what)                                     \
    }
#define WORD_OPTION(option, preset, words, what)                                         \
    {                                                                                    \
        .name = (option), .type = NAS_PARAM_CHOICE, .default_text = (preset),            \
        .choices = (words), .doc = (what)                                                \
    }
#define KERNEL COUNT_OPTION("kernel", "3", 1, 255, "Rows and columns of the window.")
#define STRIDE COUNT_OPTION("stride", "1", 1, 64, "Step of the window.")
#define NORM WORD_OPTION("norm", "batch", NORMS, "Normalisation.")
#define BIAS WORD_OPTION("bias", "auto", BIASES, "auto: where no norm follows.")
#define ACT WORD_OPTION("act", "relu", ACTIVATIONS, "Activation at the end.")
#define PAD(preset) WORD_OPTION("pad", preset, PADS, "Border handling.")
#define DILATION COUNT_OPTION("dilation", "1", 1, 64, "Distance of the window's taps.")

static const nas_param NO_OPTIONS[] = {{.name = NULL}};

static const nas_param CONV_OPTIONS[] = {
    [CONV_OUT] = WIDTH("x1", "Output channels,"),
    [CONV_KERNEL] = KERNEL,
    [CONV_STRIDE] = STRIDE,
    [CONV_NORM] = NORM,
    [CONV_ACT] = ACT,
    [CONV_PAD] = PAD("same"),
    [CONV_DILATION] = DILATION,
    [CONV_GROUPS] = COUNT_OPTION("groups", "1", 1, 65536, "Groups of channels."),
    [CONV_BIAS] = BIAS,
    {.name = NULL},
};

static const nas_param DEPTHWISE_OPTIONS[] = {
    [DEPTHWISE_KERNEL] = KERNEL,   [DEPTHWISE_STRIDE] = STRIDE,
    [DEPTHWISE_NORM] = NORM,       [DEPTHWISE_ACT] = ACT,
    [DEPTHWISE_PAD] = PAD("same"), [DEPTHWISE_DILATION] = DILATION,
    [DEPTHWISE_BIAS] = BIAS,       {.name = NULL},
};

static const nas_param SEPARABLE_OPTIONS[] = {
    [SEPARABLE_OUT] = WIDTH("x1", "Output channels,"),
    [SEPARABLE_KERNEL] = KERNEL,
    [SEPARABLE_STRIDE] = STRIDE,
    [SEPARABLE_NORM] = NORM,
    [SEPARABLE_ACT] = ACT,
    {.name = NULL},
};

static const nas_param MBCONV_OPTIONS[] = {
    [MBCONV_OUT] = WIDTH("x1", "Output channels,"),
    [MBCONV_EXPAND] = COUNT_OPTION("expand", "3", 1, 16,
                                   "Channels inside, as a multiple of the input's."),
    [MBCONV_KERNEL] = KERNEL,
    [MBCONV_STRIDE] = STRIDE,
    [MBCONV_ACT] = WORD_OPTION("act", "relu6", ACTIVATIONS, "Activation inside."),
    [MBCONV_SE] = COUNT_OPTION(
        "se", "0", 0, 64, "Squeeze-and-excite with a part of the channels; 0: none."),
    {.name = NULL},
};

static const nas_param SQUEEZE_OPTIONS[] = {
    [SQUEEZE_RATIO] =
        COUNT_OPTION("ratio", "4", 1, 64, "Channels divided by units inside."),
    [SQUEEZE_ACT] = WORD_OPTION("act", "relu", ACTIVATIONS, "Activation inside."),
    [SQUEEZE_GATE] = WORD_OPTION("gate", "hard_sigmoid", GATES, "Form of the factors."),
    {.name = NULL},
};

static const nas_param DENSE_OPTIONS[] = {
    [DENSE_OUT] = WIDTH(NULL, "Outputs,"),
    [DENSE_NORM] = NORM,
    [DENSE_ACT] = ACT,
    {.name = NULL},
};

#define WINDOW_MS COUNT_OPTION("window_ms", "32", 1, 1000, "Milliseconds of a frame.")
#define HOP_MS COUNT_OPTION("hop_ms", "16", 1, 1000, "Milliseconds from frame to frame.")
#define HZ_OPTION(option, preset, what)                                                  \
    {                                                                                    \
        .name = (option), .type = NAS_PARAM_REAL, .default_text = (preset), .min = 0,    \
        .max = 1e6, .doc = (what)                                                        \
    }
#define LOW_HZ HZ_OPTION("low_hz", "20", "Lower end of the bands.")
#define HIGH_HZ HZ_OPTION("high_hz", "0", "Upper end of the bands; 0: half the rate.")
#define LEVEL WORD_OPTION("level", "remove", LEVELS, "Whether loudness has a meaning.")
#define FORM WORD_OPTION("as", "image", FORMS, "Bands are rows, or channels of a series.")
#define BANDS COUNT_OPTION("bands", "40", 1, 512, "Bands on the mel scale.")

static const nas_param SPECTROGRAM_OPTIONS[] = {
    [SPECTROGRAM_WINDOW] =
        COUNT_OPTION("window", "0", 0, 8192, "Samples of a frame; 0: see window_ms."),
    [SPECTROGRAM_HOP] =
        COUNT_OPTION("hop", "0", 0, 8192, "From frame to frame; 0: see hop_ms."),
    [SPECTROGRAM_WINDOW_MS] = WINDOW_MS,
    [SPECTROGRAM_HOP_MS] = HOP_MS,
    [SPECTROGRAM_LEVEL] = LEVEL,
    [SPECTROGRAM_AS] = FORM,
    {.name = NULL},
};

static const nas_param LOG_MEL_OPTIONS[] = {
    [LOG_MEL_BANDS] = BANDS,     [LOG_MEL_WINDOW_MS] = WINDOW_MS,
    [LOG_MEL_HOP_MS] = HOP_MS,   [LOG_MEL_LOW_HZ] = LOW_HZ,
    [LOG_MEL_HIGH_HZ] = HIGH_HZ, [LOG_MEL_LEVEL] = LEVEL,
    [LOG_MEL_AS] = FORM,         {.name = NULL},
};

static const nas_param MFCC_OPTIONS[] = {
    [MFCC_COEFFICIENTS] =
        COUNT_OPTION("coefficients", "13", 1, 512, "Of the cosine transform."),
    [MFCC_BANDS] = BANDS,
    [MFCC_WINDOW_MS] = WINDOW_MS,
    [MFCC_HOP_MS] = HOP_MS,
    [MFCC_LOW_HZ] = LOW_HZ,
    [MFCC_HIGH_HZ] = HIGH_HZ,
    [MFCC_LEVEL] = LEVEL,
    [MFCC_AS] = FORM,
    {.name = NULL},
};

static const nas_param RECURRENT_OPTIONS[] = {
    [RECURRENT_OUT] = WIDTH("x1", "Units of each direction,"),
    [RECURRENT_BIDIRECTIONAL] = {.name = "bidirectional",
                                 .type = NAS_PARAM_BOOL,
                                 .default_text = "false",
                                 .doc = "Read the series backwards too."},
    [RECURRENT_RESULT] = WORD_OPTION("result", "sequence", RESULTS,
                                     "The state after every step, or after the last."),
    {.name = NULL},
};

#define HEADS                                                                            \
    COUNT_OPTION("heads", "4", 1, 64, "Parts of the channels that attend on their own.")

static const nas_param EMBED_OPTIONS[] = {
    [EMBED_OUT] = COUNT_OPTION("out", "4", 1, 1024,
                               "Length of a category's vector, at most its levels."),
    {.name = NULL},
};

static const nas_param TOKENS_OPTIONS[] = {
    [TOKENS_OUT] = COUNT_OPTION("out", NULL, 1, 4096, "Channels that a column becomes."),
    {.name = NULL},
};

static const nas_param POSITIONS_OPTIONS[] = {
    [POSITIONS_KIND] = WORD_OPTION("kind", "learned", POSITION_KINDS,
                                   "Trained, or sines and cosines of the step."),
    {.name = NULL},
};

static const nas_param ATTENTION_OPTIONS[] = {
    [ATTENTION_HEADS] = HEADS,
    {.name = NULL},
};

static const nas_param TRANSFORMER_OPTIONS[] = {
    [TRANSFORMER_HEADS] = HEADS,
    [TRANSFORMER_EXPAND] =
        COUNT_OPTION("expand", "2", 1, 16,
                     "Channels inside the second half, as a multiple of the input's."),
    [TRANSFORMER_ACT] = WORD_OPTION("act", "gelu", ACTIVATIONS, "Activation inside."),
    [TRANSFORMER_DROPOUT] = {.name = "dropout",
                             .type = NAS_PARAM_REAL,
                             .default_text = "0",
                             .min = 0,
                             .max = 0.95,
                             .doc = "Share of values of both halves set to zero."},
    {.name = NULL},
};

static const nas_param GROUP_NORM_OPTIONS[] = {
    [GROUP_NORM_GROUPS] = COUNT_OPTION("groups", "1", 1, 65536,
                                       "Groups of channels, each normalised on its own."),
    {.name = NULL},
};

static const nas_param POOL_OPTIONS[] = {
    [POOL_KERNEL] =
        COUNT_OPTION("kernel", "2", 1, 255, "Rows and columns of the window."),
    [POOL_STRIDE] = COUNT_OPTION("stride", "0", 0, 64, "Step; 0 is the kernel."),
    [POOL_PAD] = PAD("valid"),
    {.name = NULL},
};

static const nas_param DROPOUT_OPTIONS[] = {
    [DROPOUT_RATE] = {.name = "rate",
                      .type = NAS_PARAM_REAL,
                      .default_text = "0.2",
                      .min = 0,
                      .max = 0.95,
                      .doc = "Share of values set to zero in training; 0 is no block."},
    {.name = NULL},
};

static const nas_param REPEAT_OPTIONS[] = {
    [REPEAT_TIMES] =
        COUNT_OPTION("times", NULL, 0, SPACE_MAX_REPEAT, "How often, 0 included."),
    [REPEAT_TIED] = {.name = "tied",
                     .type = NAS_PARAM_BOOL,
                     .default_text = "false",
                     .doc = "All repetitions make the same choices."},
    {.name = NULL},
};

static const nas_param RESIDUAL_OPTIONS[] = {
    [RESIDUAL_ACT] = WORD_OPTION("act", "none", ACTIVATIONS, "Activation after the sum."),
    {.name = NULL},
};

static const nas_param BRANCHES_OPTIONS[] = {
    [BRANCHES_JOIN] = WORD_OPTION("join", "add", JOINS, "How the branches meet."),
    {.name = NULL},
};

static const nas_param CELL_OPTIONS[] = {
    [CELL_NODES] =
        COUNT_OPTION("nodes", NULL, 1, SPACE_MAX_NODES, "Nodes after the inputs."),
    [CELL_INPUTS] =
        COUNT_OPTION("inputs", "1", 1, 2, "2: also what the cell before this one read."),
    [CELL_PICKS] = COUNT_OPTION("picks", "0", 0, SPACE_MAX_NODES,
                                "Tensors a node reads, chosen; 0: all before it."),
    [CELL_JOIN] = WORD_OPTION("join", "add", JOINS, "How edges meet in a node."),
    [CELL_OUTPUT] = WORD_OPTION("output", "last", OUTPUTS, "Last node, or all nodes."),
    [CELL_CHANNELS] = {.name = "channels",
                       .type = NAS_PARAM_STRING,
                       .default_text = "x1",
                       .doc = "Width in the first stage; doubled by each later one."},
    [CELL_STAGES] = COUNT_OPTION("stages", "1", 1, 8, "Stages of the stack."),
    [CELL_CELLS] = COUNT_OPTION("cells", "1", 1, SPACE_MAX_REPEAT, "Cells per stage."),
    {.name = NULL},
};

static const nas_block_info BLOCKS[NAS_BLOCK_COUNT] = {
    [NAS_BLOCK_CONV] = {"conv", "convolution, norm, activation", CONV_OPTIONS,
                        CONV_STRIDE},
    [NAS_BLOCK_DEPTHWISE] = {"depthwise", "one filter per channel, norm, activation",
                             DEPTHWISE_OPTIONS, DEPTHWISE_STRIDE},
    [NAS_BLOCK_SEPARABLE] = {"separable", "depthwise, then 1x1 convolution",
                             SEPARABLE_OPTIONS, SEPARABLE_STRIDE},
    [NAS_BLOCK_MBCONV] = {"mbconv", "inverted bottleneck with skip where shapes agree",
                          MBCONV_OPTIONS, MBCONV_STRIDE},
    [NAS_BLOCK_DENSE] = {"dense", "fully connected, norm, activation", DENSE_OPTIONS, -1},
    [NAS_BLOCK_LSTM] = {"lstm", "long short-term memory over a series", RECURRENT_OPTIONS,
                        -1},
    [NAS_BLOCK_GRU] = {"gru", "gated recurrent units over a series", RECURRENT_OPTIONS,
                       -1},
    [NAS_BLOCK_EMBED] = {"embed", "a learned vector in place of each category",
                         EMBED_OPTIONS, -1},
    [NAS_BLOCK_TOKENS] = {"tokens", "each column of a table becomes a step of a series",
                          TOKENS_OPTIONS, -1},
    [NAS_BLOCK_POSITIONS] = {"positions", "adds what tells the steps of a series apart",
                             POSITIONS_OPTIONS, -1},
    [NAS_BLOCK_ATTENTION] = {"attention", "multi-head self-attention with projections",
                             ATTENTION_OPTIONS, -1},
    [NAS_BLOCK_TRANSFORMER] = {"transformer", "attention, then a dense net per step",
                               TRANSFORMER_OPTIONS, -1},
    [NAS_BLOCK_SPECTROGRAM] = {"spectrogram", "log power spectra of frames of a series",
                               SPECTROGRAM_OPTIONS, -1},
    [NAS_BLOCK_LOG_MEL] = {"log_mel", "log power spectra of sound in mel bands",
                           LOG_MEL_OPTIONS, -1},
    [NAS_BLOCK_MFCC] = {"mfcc", "cosine transform of log mel bands", MFCC_OPTIONS, -1},
    [NAS_BLOCK_MAX_POOL] = {"max_pool", "maximum of a window", POOL_OPTIONS, POOL_STRIDE},
    [NAS_BLOCK_AVG_POOL] = {"avg_pool", "mean of a window", POOL_OPTIONS, POOL_STRIDE},
    [NAS_BLOCK_GLOBAL_AVG_POOL] = {"global_avg_pool", "mean of each channel", NO_OPTIONS,
                                   -1},
    [NAS_BLOCK_GLOBAL_MAX_POOL] = {"global_max_pool", "maximum of each channel",
                                   NO_OPTIONS, -1},
    [NAS_BLOCK_SQUEEZE_EXCITE] = {"squeeze_excite",
                                  "channels times factors made from their means",
                                  SQUEEZE_OPTIONS, -1},
    [NAS_BLOCK_DROPOUT] = {"dropout", "random zeros in training", DROPOUT_OPTIONS, -1},
    [NAS_BLOCK_FLATTEN] = {"flatten", "all values as one vector", NO_OPTIONS, -1},
    [NAS_BLOCK_RELU] = {"relu", "max(0, x)", NO_OPTIONS, -1},
    [NAS_BLOCK_RELU6] = {"relu6", "min(6, max(0, x))", NO_OPTIONS, -1},
#define CURVE_BLOCK(upper, lower)                                                        \
    [NAS_BLOCK_##upper] = {#lower, "activation " #lower, NO_OPTIONS, -1},
    NAS_CURVE_LIST(CURVE_BLOCK)
#undef CURVE_BLOCK
        [NAS_BLOCK_BATCH_NORM] = {"batch_norm", "batch normalisation", NO_OPTIONS, -1},
    [NAS_BLOCK_LAYER_NORM] = {"layer_norm", "norm over the channels of each pixel",
                              NO_OPTIONS, -1},
    [NAS_BLOCK_GROUP_NORM] = {"group_norm", "norm over groups of channels",
                              GROUP_NORM_OPTIONS, -1},
    [NAS_BLOCK_IDENTITY] = {"identity", "nothing is done", NO_OPTIONS, -1},
    [NAS_BLOCK_NONE] = {"none", "zero: an edge that is not there", NO_OPTIONS, -1},
    [NAS_BLOCK_CHOOSE] = {"choose", "one of several blocks", NO_OPTIONS, -1},
    [NAS_BLOCK_REPEAT] = {"repeat", "a block several times in a row", REPEAT_OPTIONS, -1},
    [NAS_BLOCK_RESIDUAL] = {"residual", "a block plus its input", RESIDUAL_OPTIONS, -1},
    [NAS_BLOCK_BRANCHES] = {"branches", "blocks side by side", BRANCHES_OPTIONS, -1},
    [NAS_BLOCK_CELL] = {"cell", "a graph with an operation on each edge, stacked",
                        CELL_OPTIONS, -1},
    [NAS_BLOCK_CHAIN] = {"chain", "blocks one after the other", NO_OPTIONS, -1},
};

const nas_block_info *nas_block_get(nas_block_kind kind)
{
    return &BLOCKS[kind];
}

nas_block_kind nas_block_find(const char *name)
{
    for (int kind = 0; kind < NAS_BLOCK_CHAIN; kind++)
        if (strcmp(BLOCKS[kind].name, name) == 0)
            return (nas_block_kind)kind;
    return NAS_BLOCK_COUNT;
}
