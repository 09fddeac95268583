/* covers: recurrent_unit.c */
/* Cells of LSTM and GRU against loops in double. Backward is checked by differences: the
 * function is sum of dh * h_next + dc * c_next. */
#include "engine/kernel_check.h"

/* One element of a cell: sums, and the state before the step. */
typedef struct element {
    double sum[5], h, c;
} element;

static double gate(double x)
{
    return 1 / (1 + exp(-x));
}

static double lstm(const element *e, double *c_next)
{
    *c_next = gate(e->sum[2]) * e->c + gate(e->sum[0]) * tanh(e->sum[3]);
    return gate(e->sum[1]) * tanh(*c_next);
}

static double gru(const element *e)
{
    const double z = gate(e->sum[0]);
    return z * e->h + (1 - z) * tanh(e->sum[2] + gate(e->sum[1]) * e->sum[3]);
}

static double weighted(bool is_lstm, const element *e, double dh, double dc)
{
    double c = 0, h = is_lstm ? lstm(e, &c) : gru(e);
    return dh * h + (is_lstm ? dc * c : 0);
}

enum { PLANES = 5 };

/* Random lines of all operands; `before` is what they were. */
typedef struct cell {
    nas_cell_job job;
    int n;
    float *gates, *h, *c, *h_next, *c_next, *dh, *dc;
    double *sums, *dh_before, *dc_before;
} cell;

static cell cell_new(void)
{
    cell a = {.job = {.blocks = up_to(3), .units = up_to(9)}};
    a.job.plane = (a.job.blocks + (int)nas_rng_below(&rng, 2)) * LINE;
    a.n = a.job.units * (int)a.job.plane;
    a.job.gates = a.gates = random_floats(PLANES * a.n);
    a.job.h = a.h = random_floats(a.n);
    a.job.c = a.c = random_floats(a.n);
    a.job.h_next = a.h_next = random_floats(a.n);
    a.job.c_next = a.c_next = random_floats(a.n);
    a.job.dh = a.dh = random_floats(a.n);
    a.job.dc = a.dc = random_floats(a.n);
    a.sums = as_doubles(a.gates, PLANES * a.n);
    a.dh_before = as_doubles(a.dh, a.n);
    a.dc_before = as_doubles(a.dc, a.n);
    return a;
}

static void cell_free(cell *a)
{
    float *floats[] = {a->gates, a->h, a->c, a->h_next, a->c_next, a->dh, a->dc};
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++)
        free(floats[i]);
    free(a->sums), free(a->dh_before), free(a->dc_before);
}

static element element_of(const cell *a, int i)
{
    element e = {.h = (double)a->h[i], .c = (double)a->c[i]};
    for (int k = 0; k < PLANES; k++)
        e.sum[k] = a->sums[k * a->n + i];
    return e;
}

static void close_to(const char *what, float found, double expected)
{
    check_close(what, &found, &expected, 1);
}

static void check_forward(const cell *a, bool is_lstm, int i)
{
    const element e = element_of(a, i);
    double c = 0, h = is_lstm ? lstm(&e, &c) : gru(&e);
    close_to("state", a->h_next[i], h);
    if (is_lstm)
        close_to("cell", a->c_next[i], c);
}

static void check_backward(const cell *a, bool is_lstm, int i)
{
    const double dh = a->dh_before[i], dc = a->dc_before[i];
    for (int k = 0; k < 4; k++) {
        element e = element_of(a, i);
        const double x = e.sum[k], eps = 1e-6;
        e.sum[k] = x + eps;
        double up = weighted(is_lstm, &e, dh, dc);
        e.sum[k] = x - eps;
        double expected = (up - weighted(is_lstm, &e, dh, dc)) / (2 * eps);
        close_to("gradient of a sum", a->gates[k * a->n + i], expected);
    }
    const element e = element_of(a, i);
    if (is_lstm) {
        double c_next = 0;
        (void)lstm(&e, &c_next);
        const double t = tanh(c_next);
        const double direct = dc + dh * gate(e.sum[1]) * (1 - t * t);
        close_to("gradient of the cell", a->dc[i], direct * gate(e.sum[2]));
    } else {
        close_to("gradient of the state", a->dh[i], dh * gate(e.sum[0]));
    }
}

static void cells_equal_loops(const nas_kernels *kernels)
{
    for (int round = 0; round < ROUNDS; round++) {
        const bool is_lstm = round % 2 == 0;
        cell a = cell_new();
        (is_lstm ? kernels->lstm_cell : kernels->gru_cell)(&a.job);
        const int lines = a.job.blocks * LINE;
        for (int i = 0; i < a.n; i++)
            if (i % a.job.plane < lines)
                check_forward(&a, is_lstm, i);
            else
                assert_true((double)a.gates[i] == a.sums[i]);
        (is_lstm ? kernels->lstm_cell_backward : kernels->gru_cell_backward)(&a.job);
        for (int i = 0; i < a.n; i++)
            if (i % a.job.plane < lines)
                check_backward(&a, is_lstm, i);
        cell_free(&a);
    }
}

/* Gates far out are closed or open, and NaN is not hidden. */
static void cells_end_well(const nas_kernels *kernels)
{
    float gates[PLANES][LINE], state[5][LINE] = {{0}};
    nas_cell_job job = {.blocks = 1,
                        .units = 1,
                        .plane = LINE,
                        .gates = gates[0],
                        .h = state[0],
                        .c = state[1],
                        .h_next = state[2],
                        .c_next = state[3]};
    for (int i = 0; i < PLANES * LINE; i++)
        gates[i / LINE][i % LINE] = i % 2 ? 200.0f : -200.0f;
    gates[0][2] = NAN;
    kernels->lstm_cell(&job);
    assert_true(isnan(state[2][2]));
    assert_true(fabsf(state[2][0]) < 1e-30f);
    assert_true(fabsf(state[2][1] - tanhf(1.0f)) < 1e-6f);
}

KERNEL_TEST(cells_equal_loops)
KERNEL_TEST(cells_end_well)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_equal_loops),
        cmocka_unit_test(test_cells_end_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
