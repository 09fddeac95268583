/* What a network costs on a device, known before it is trained. */
#ifndef NASMITH_COST_H
#define NASMITH_COST_H

#include "nasmith/arena.h"
#include "nasmith/graph.h"
#include "nasmith/plan.h"

/* Costs of one network for the exported type. */
typedef struct nas_cost {
    int64_t params;      /* trained parameters, batch norm included (as trained) */
    int64_t macs;        /* one inference */
    int64_t arena_bytes; /* activations, scratch, input and output */
    int64_t ram_bytes;   /* arena + worst-case stack of the generated code */
    int64_t flash_bytes; /* weights, tables and code of the generated objects */
    double latency_ms;   /* by table on the machine of the search; < 0: not known */
} nas_cost;

/* Hard limits; 0 = none. Latency in ms. */
typedef struct nas_limits {
    int64_t params, macs, ram_bytes, flash_bytes;
    double latency_ms;
    nas_dtype dtype;
} nas_limits;

/* The first limit a cost violates. */
typedef enum nas_limit_kind {
    NAS_LIMIT_NONE,
    NAS_LIMIT_PARAMS,
    NAS_LIMIT_MACS,
    NAS_LIMIT_RAM,
    NAS_LIMIT_FLASH,
    NAS_LIMIT_LATENCY,
} nas_limit_kind;

/* Time of the shipped batch-1 float C kernels on this machine, measured once before
 * workers start. A plain value, stored in the study as JSON and passed back, so that the
 * same study always uses the same table.
 *
 * A step takes ns_per_step + units * ns_per_unit[kind][class]. Units: MACs of conv,
 * depthwise, dense, lstm, gru and spectrum; window elements read by pools; elements of
 * the output otherwise (of the input for global_avg_pool). Classes are what changes a
 * kernel's speed: conv, dense   outputs (per group) below 4, below 8; from 8 on: dot
 * products below 24, or longer depthwise     channels below 4; then taps below 6, below
 * 16, or more pools window elements to 4, to 9, to 16, or more the rest      units below
 * 256, below 1,024, below 4,096, or more */
enum { NAS_LATENCY_CLASSES = 4 };

/* What the cycles of a device are told apart by. */
typedef enum nas_cycle_kind {
    NAS_CYCLES_CONV,      /* per multiply-accumulate */
    NAS_CYCLES_POINTWISE, /* the same of a 1x1 convolution */
    NAS_CYCLES_DEPTHWISE,
    NAS_CYCLES_DENSE,
    NAS_CYCLES_RECURRENT,
    NAS_CYCLES_POOL,   /* per element of a window */
    NAS_CYCLES_OUTPUT, /* per output of all these, beside what they sum up */
    NAS_CYCLES_VALUE,  /* per element that any other step writes */
    NAS_CYCLES_STEP,   /* once a step */
    NAS_CYCLES_RUN,    /* once an inference */
    NAS_CYCLE_KINDS
} nas_cycle_kind;

/* Cycles of the generated C on a device, for int8; output channels count rounded up to
 * the 4 that kernels compute together. A plain value, as the table below. */
typedef struct nas_device {
    char name[32];
    double clock_mhz;  /* 0: no device */
    double milliwatts; /* while it computes; 0: not known */
    double spread;     /* of the estimate: 0.3 is 30 % up and down */
    double cycles[NAS_CYCLE_KINDS];
    double float_factor; /* cycles of 32-bit floats over those of int8 */
    char code[24];       /* column of the table of code sizes; "": this machine's */
} nas_device;

/* The columns there are: "cortex-m4-O2", ...; ends with NULL. */
extern const char *const nas_code_columns[];

typedef struct nas_latency_table {
    bool known;
    double ns_per_unit[NAS_STEP_KINDS][NAS_LATENCY_CLASSES];
    double ns_per_step;
    nas_device device; /* with a clock: predict its time, not this machine's */
} nas_latency_table;

/* Count all costs of a graph.
 *
 * flash_bytes: constant tables, exactly as linked, and code by the sizes measured for the
 * device's compiler. ram_bytes: the arena, exactly the linked .bss, and the stack by the
 * frames of that compiler, added up along the calls. As a classifier: a regression has a
 * few bytes less.
 * @param latency  may be NULL or unknown: latency_ms = -1
 * @param limits   may be NULL; only lets the planner stop early (ram_bytes is then a
 * lower bound that already violates the limit, flash_bytes one without code, latency_ms
 * -1)
 * @return NAS_E_NOMEM
 * Cost: >= 5,000 graphs a second for preset networks. */
nas_status nas_cost_of(const nas_graph *graph, nas_dtype dtype,
                       const nas_latency_table *latency, const nas_limits *limits,
                       nas_cost *out, nas_err *err);

/* The first limit that a cost violates; a cost that is not known violates none. */
nas_limit_kind nas_cost_violates(const nas_cost *cost, const nas_limits *limits);

/* "ram", "flash", ... for messages and options; "RAM", "parameters", ... in sentences;
 * the value of that cost, and of that limit */
const char *nas_limit_name(nas_limit_kind kind);
const char *nas_limit_title(nas_limit_kind kind);
double nas_limit_cost(const nas_cost *cost, nas_limit_kind kind);
double nas_limit_bound(const nas_limits *limits, nas_limit_kind kind);

/* A cost or limit as people read it: "93.1 k", "64 KiB", "1.38 ms", "41.2 µs"; parts of
 * a byte round up, an unknown latency is "-". */
void nas_cost_text(nas_limit_kind kind, double value, char *out, size_t size);

/* All costs of a network as nas_cost_text gives them. */
typedef struct nas_cost_words {
    char params[16], macs[16], ram[16], flash[16], latency[16];
} nas_cost_words;
nas_cost_words nas_cost_in_words(const nas_cost *cost);

void nas_cost_write_json(const nas_cost *cost, nas_json *json); /* keys into an object */
void nas_latency_write_json(const nas_latency_table *table, nas_json *json);
nas_status nas_latency_read_json(const json_t *value, nas_latency_table *out,
                                 nas_err *err);

/* Milliseconds of one inference of a planned network by the table; on this machine float
 * kernels whatever the program's type. -1 when the table is not known. */
double nas_latency_predict(const nas_latency_table *table, const nas_program *program);
/* What one step of it takes, by the same table; the sum over steps leaves out copying the
 * input in and the output out. */
double nas_latency_step(const nas_latency_table *table, const nas_program *program,
                        int step);

/* What a device's estimate is worth. */
typedef struct nas_device_estimate {
    double low_ms, high_ms;
    double millijoules; /* latency times power; < 0: not known */
} nas_device_estimate;
nas_device_estimate nas_device_estimate_of(const nas_device *device, double latency_ms);

/* "12.3 ms (8.6 to 16), 0.52 mJ an inference on cortex-m4, estimated" */
void nas_device_text(const nas_device *device, double latency_ms, char *out, size_t size);

/* Time the shipped kernels on this machine: 0.1 to 0.3 s. Uses this thread's CPU clock
 * and the fastest of several runs, so that other load disturbs it little.
 * @param out  known = true */
nas_status nas_latency_measure(nas_latency_table *out, nas_err *err);

#endif
