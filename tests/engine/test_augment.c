#include "check.h"

#include "engine/unit.h"
#include "nasmith/net.h"

#include <math.h>
#include <string.h>

enum { ROWS = 32, CHANNELS = 2, HEIGHT = 6, WIDTH = 9, CLASSES = 3 };
enum { PLANE = HEIGHT * WIDTH, SIZE = CHANNELS * PLANE };

static float inputs[ROWS][SIZE];
static int32_t labels[ROWS];
static const int64_t rows[ROWS] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                   11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                   22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

typedef struct fixture {
    nas_workspace *workspace;
    nas_net *net;
    nas_dataset data;
    nas_rng rng;
} fixture;

/* Values away from zero, so that what is set to the mean shows. */
static fixture make(nas_shape shape)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_rng rng = nas_rng_new(2385, 1);
    for (int i = 0; i < ROWS; i++) {
        labels[i] = (int32_t)nas_rng_below(&rng, CLASSES);
        for (int k = 0; k < SIZE; k++)
            inputs[i][k] = (float)(3 + nas_rng_uniform(&rng));
    }
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, shape);
    x = nas_graph_add_dense(b, x, CLASSES, "");
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    fixture f = {.workspace = nas_workspace_new(),
                 .data = {.shape = shape,
                          .element = NAS_ELEMENT_F32,
                          .n_rows = ROWS,
                          .n_outputs = CLASSES,
                          .inputs = inputs,
                          .labels = labels},
                 .rng = nas_rng_new(2385, 2)};
    nas_net_options options = nas_net_options_default();
    options.batch = ROWS;
    options.label_smoothing = 0.1f;
    check_ok(nas_net_compile(graph, &options, f.workspace, &f.net, &err), err);
    nas_net_init(f.net, nas_rng_new(2385, 3));
    nas_graph_free(graph);
    return f;
}

static const nas_shape IMAGE = {CHANNELS, HEIGHT, WIDTH};
static const nas_shape SERIES = {CHANNELS, 1, PLANE};

static void unmake(fixture *f)
{
    nas_net_free(f->net);
    nas_workspace_free(f->workspace);
}

static void gather(fixture *f, const nas_augment *augment, float (*out)[SIZE])
{
    const nas_tensor *x = &f->net->units[0].z;
    nas_net_batch(f->net, &f->data, rows, ROWS, augment, &f->rng);
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < SIZE; k++) {
            const int plane = x->height * x->width;
            out[i][k] =
                x->view.data[i / NAS_LANES * x->view.block + k / plane * x->view.plane +
                             k % plane / x->width * x->view.row +
                             k % x->width * NAS_LANES + i % NAS_LANES];
        }
}

static float now[ROWS][SIZE];

static void nothing_is_off(void **state)
{
    (void)state;
    fixture f = make(IMAGE);
    const nas_augment off = {0};
    assert_false(nas_augment_any(&off));
    gather(&f, &off, now);
    assert_memory_equal(now, inputs, sizeof now);
    unmake(&f);
}

/* The zeros of a sample are a box of all channels. */
static void check_box(int i, int height, int width, int most_rows, int most_columns,
                      int *zeros)
{
    int top = height, bottom = -1, left = width, right = -1, n = 0;
    for (int k = 0; k < SIZE; k++) {
        const int y = k % (height * width) / width, x = k % width;
        if (now[i][k] != 0.0f) {
            assert_true(now[i][k] == inputs[i][k]);
            continue;
        }
        n++;
        top = y < top ? y : top;
        bottom = y > bottom ? y : bottom;
        left = x < left ? x : left;
        right = x > right ? x : right;
    }
    *zeros = n;
    if (n == 0)
        return;
    assert_int_equal(n, CHANNELS * (bottom - top + 1) * (right - left + 1));
    assert_true(bottom - top + 1 <= most_rows && right - left + 1 <= most_columns);
}

static void masks_hide_columns_or_rows(void **state)
{
    (void)state;
    fixture f = make(IMAGE);
    const nas_augment columns = {.mask_time = 4}, bands = {.mask_bands = 2};
    int zeros, most = 0;
    assert_true(nas_augment_any(&columns) && nas_augment_any(&bands));
    gather(&f, &columns, now);
    for (int i = 0; i < ROWS; i++) {
        check_box(i, HEIGHT, WIDTH, HEIGHT, 4, &zeros);
        assert_int_equal(zeros % (CHANNELS * HEIGHT), 0);
        most = zeros > most ? zeros : most;
    }
    assert_int_equal(most, CHANNELS * HEIGHT * 4);
    gather(&f, &bands, now);
    for (int i = 0; i < ROWS; i++) {
        check_box(i, HEIGHT, WIDTH, 2, WIDTH, &zeros);
        assert_int_equal(zeros % (CHANNELS * WIDTH), 0);
    }
    unmake(&f);
}

static void erasing_hides_a_box(void **state)
{
    (void)state;
    const nas_augment augment = {.erase = 0.5f};
    for (int series = 0; series < 2; series++) {
        fixture f = make(series ? SERIES : IMAGE);
        int zeros, hidden = 0;
        gather(&f, &augment, now);
        for (int i = 0; i < ROWS; i++) {
            if (series)
                check_box(i, 1, PLANE, 1, PLANE / 2, &zeros);
            else
                check_box(i, HEIGHT, WIDTH, HEIGHT, WIDTH, &zeros);
            hidden += zeros > 0;
        }
        assert_true(hidden > 4 && hidden < 26);
        unmake(&f);
    }
}

static void noise_has_its_deviation(void **state)
{
    (void)state;
    fixture f = make(IMAGE);
    const nas_augment augment = {.noise = 0.25f};
    double sum = 0, squares = 0;
    gather(&f, &augment, now);
    for (int i = 0; i < ROWS * SIZE; i++) {
        const double d =
            (double)now[i / SIZE][i % SIZE] - (double)inputs[i / SIZE][i % SIZE];
        sum += d / (ROWS * SIZE);
        squares += d * d / (ROWS * SIZE);
    }
    assert_true(fabs(sum) < 0.02 && fabs(sqrt(squares) - 0.25) < 0.02);
    unmake(&f);
}

/* A rising line stays one, with the same ends. */
static void warping_keeps_order_and_ends(void **state)
{
    (void)state;
    fixture f = make(SERIES);
    const nas_augment augment = {.time_warp = 0.5f};
    double moved = 0;
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < SIZE; k++)
            inputs[i][k] = (float)(k % PLANE);
    gather(&f, &augment, now);
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < SIZE; k++) {
            const int x = k % PLANE;
            if (x == 0 || x == PLANE - 1)
                assert_true(fabsf(now[i][k] - (float)x) < 1e-4f);
            else
                assert_true(now[i][k] > now[i][k - 1] - 1e-4f);
            moved = fmax(moved, fabs((double)now[i][k] - x));
        }
    assert_true(moved > 3 && moved < 0.3 * PLANE);
    unmake(&f);
}

/* The middle of an odd plane stays; a disc around it keeps its mean. */
static void rotation_is_about_the_middle(void **state)
{
    (void)state;
    const nas_shape odd = {2, 7, 7};
    fixture f = make(odd);
    const nas_augment augment = {.rotate = 180};
    float *flat = &inputs[0][0];
    int changed = 0;
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < 98; k++)
            flat[i * 98 + k] = (float)(k % 7) - 3; /* rises to the right */
    nas_net_batch(f.net, &f.data, rows, ROWS, &augment, &f.rng);
    const nas_tensor *x = &f.net->units[0].z;
    for (int i = 0; i < ROWS; i++) {
        const float *at = x->view.data + i / NAS_LANES * x->view.block + i % NAS_LANES;
        const float middle = at[3 * x->view.row + 3 * NAS_LANES];
        const float right = at[3 * x->view.row + 5 * NAS_LANES];
        const float below = at[5 * x->view.row + 3 * NAS_LANES];
        assert_true(fabsf(middle) < 1e-5f);
        /* a slope of 1 in some direction */
        assert_true(fabsf(hypotf(right, below) - 2) < 1e-4f);
        changed += fabsf(right - 2) > 0.1f;
    }
    assert_true(changed > 20);
    unmake(&f);
}

/* Pairs are averaged: their sums stay. The loss is that of both classes, by their shares.
 */
static void mixup_averages_pairs(void **state)
{
    (void)state;
    fixture f = make(IMAGE);
    const nas_augment augment = {.mixup = 0.5f};
    gather(&f, &augment, now);
    for (int i = 0; i < ROWS; i++) {
        const int j = ROWS - 1 - i;
        const float share = f.net->share[i];
        assert_int_equal(f.net->partner[i], j);
        assert_true(share >= 0.5f && share <= 1.0f);
        for (int k = 0; k < SIZE; k++)
            assert_true(fabsf(now[i][k] - share * inputs[i][k] -
                              (1 - share) * inputs[j][k]) < 1e-5f);
    }
    const double loss = nas_net_forward(f.net, true, &f.rng);
    float p[ROWS][CLASSES];
    double expected = 0;
    nas_net_outputs(f.net, true, &p[0][0]);
    for (int i = 0; i < 2 * ROWS; i++) {
        const int row = i / 2, j = i % 2 ? ROWS - 1 - row : row;
        const double share = fabs(i % 2 - (double)f.net->share[row]);
        for (int k = 0; k < CLASSES; k++)
            expected -= share / ROWS * ((k == labels[j] ? 0.9 : 0) + 0.1 / CLASSES) *
                        log((double)p[row][k]);
    }
    assert_true(fabs(loss - expected) < 1e-5);
    unmake(&f);
}

/* dL/dw against differences of the loss. */
static void mixed_gradient_is_that_of_the_loss(void **state)
{
    (void)state;
    fixture f = make(IMAGE);
    const nas_augment augment = {.mixup = 1.0f, .cutmix = 1.0f};
    gather(&f, &augment, now);
    (void)nas_net_forward(f.net, true, &f.rng);
    nas_net_backward(f.net);
    float *w = nas_net_weights(f.net);
    for (int k = 0; k < 12; k++) {
        const int at = k * 29 % (int)nas_net_params(f.net);
        const float before = w[at];
        const double gradient = (double)nas_net_gradients(f.net)[at];
        w[at] = before + 1e-3f;
        const double up = nas_net_forward(f.net, false, NULL);
        w[at] = before - 1e-3f;
        const double down = nas_net_forward(f.net, false, NULL);
        w[at] = before;
        if (fabs((up - down) / 2e-3 - gradient) > 2e-3 + 1e-2 * fabs(gradient))
            fail_msg("weight %d: %g, expected %g", at, gradient, (up - down) / 2e-3);
    }
    unmake(&f);
}

/* Every value is the sample's own or its partner's at the same place, by the share. */
static void cutmix_exchanges_boxes(void **state)
{
    (void)state;
    fixture f = make(IMAGE);
    const nas_augment augment = {.cutmix = 1.0f};
    int moved_any = 0;
    gather(&f, &augment, now);
    for (int i = 0; i < ROWS; i++) {
        int moved = 0;
        for (int k = 0; k < SIZE; k++) {
            assert_true(now[i][k] == inputs[i][k] ||
                        now[i][k] == inputs[ROWS - 1 - i][k]);
            moved += now[i][k] != inputs[i][k];
        }
        assert_true(fabs(1.0 - (double)moved / SIZE - (double)f.net->share[i]) < 1e-6);
        moved_any += moved > 0;
    }
    assert_true(moved_any > 10);
    unmake(&f);
}

/* The next batch is not mixed any more. */
static void mixing_ends_with_its_batch(void **state)
{
    (void)state;
    fixture f = make(IMAGE);
    const nas_augment augment = {.mixup = 1.0f};
    gather(&f, &augment, now);
    assert_true(f.net->mixed);
    gather(&f, NULL, now);
    assert_false(f.net->mixed);
    assert_memory_equal(now, inputs, sizeof now);
    unmake(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_off),
        cmocka_unit_test(masks_hide_columns_or_rows),
        cmocka_unit_test(erasing_hides_a_box),
        cmocka_unit_test(noise_has_its_deviation),
        cmocka_unit_test(warping_keeps_order_and_ends),
        cmocka_unit_test(rotation_is_about_the_middle),
        cmocka_unit_test(mixup_averages_pairs),
        cmocka_unit_test(mixed_gradient_is_that_of_the_loss),
        cmocka_unit_test(cutmix_exchanges_boxes),
        cmocka_unit_test(mixing_ends_with_its_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
