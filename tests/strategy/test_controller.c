#include "strategy/model/controller.h"

#include "five.h"

/* Which decisions there are depends on others, and their numbers of values differ. */
static const char CONDITIONAL[] = "network:\n"
                                  "  - name: a\n"
                                  "    repeat:\n"
                                  "      times: 1..3\n"
                                  "      of:\n"
                                  "        choose:\n"
                                  "          none: identity\n"
                                  "          conv: {conv: {out: [4, 8, 12, 16]}}\n"
                                  "  - global_avg_pool\n"
                                  "train:\n"
                                  "  batch: [32, 64]\n";

static const controller_options OPTIONS = {.hidden = 6,
                                           .rate = 0.0035,
                                           .momentum = 0.9,
                                           .temperature = 1.7,
                                           .tanh_constant = 2.5};

static nas_controller *controller_of(const nas_space *space,
                                     const controller_options *options, uint64_t seed)
{
    nas_err err = {0};
    nas_rng rng = nas_rng_new(seed, 3);
    nas_controller *c = nas_controller_new(options);
    assert_non_null(c);
    check_ok(nas_controller_begin(c, space, &rng, &err), err);
    return c;
}

/* Weights at which nothing is near 0 and nothing saturates. */
static void disturb(nas_controller *c, uint64_t seed)
{
    double *w;
    const double *g;
    nas_rng rng = nas_rng_new(seed, 5);
    int64_t n = nas_controller_weights(c, &w, &g);
    for (int64_t i = 0; i < n; i++)
        w[i] = (double)(float)(0.6 * nas_rng_normal(&rng));
}

static double log_p(nas_controller *c, const nas_candidate *candidate)
{
    nas_err err = {0};
    double log_probability, entropy;
    check_ok(nas_controller_judge(c, candidate, &log_probability, &entropy, &err), err);
    return log_probability;
}

/* The advantage of a second reward after a first one. */
static double advantage_of(double first, double second)
{
    const double m = OPTIONS.momentum;
    return second - (m * (1 - m) * first + (1 - m) * second) / (m * (1 - m) + (1 - m));
}

/* Every weight: the gradient against central differences of -A log p. */
static void the_gradient_is_that_of_finite_differences(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    fixture_open(&f, CONDITIONAL);
    const double a = advantage_of(0.25, 0.8), step = 1e-5;
    for (uint64_t seed = 0; seed < 4; seed++) {
        nas_controller *c = controller_of(f.space, &OPTIONS, seed);
        nas_candidate *candidate = NULL;
        nas_rng rng = nas_rng_new(seed, 4);
        double *w;
        const double *g;
        disturb(c, seed);
        check_ok(nas_controller_sample(c, &rng, f.arena, &candidate, &err), err);
        check_ok(nas_controller_learn(c, candidate, 0.25, &err), err); /* A = 0 */
        int64_t n = nas_controller_weights(c, &w, &g);
        for (int64_t i = 0; i < n; i++)
            assert_true(g[i] == 0);
        check_ok(nas_controller_learn(c, candidate, 0.8, &err), err);
        double largest = 0;
        for (int64_t i = 0; i < n; i++) {
            const double old = w[i];
            w[i] = old + step;
            double up = log_p(c, candidate);
            w[i] = old - step;
            double down = log_p(c, candidate);
            w[i] = old;
            assert_true(fabs(g[i] + a * (up - down) / (2 * step)) < 1e-8);
            largest = fmax(largest, fabs(g[i]));
        }
        assert_true(largest > 0.01);
        nas_controller_free(c);
    }
    fixture_close(&f);
}

/* It draws as often as it says, and its probabilities are those of a whole. */
static void samples_have_their_probability(void **state)
{
    (void)state;
    enum { SAMPLES = 4000, ROOM = 1024 };
    fixture f;
    nas_err err = {0};
    static uint64_t key[ROOM];
    static double p[ROOM];
    static int seen[ROOM];
    int n = 0;
    double sum = 0;
    memset(seen, 0, sizeof seen);
    fixture_open(&f, CONDITIONAL);
    nas_controller *c = controller_of(f.space, &OPTIONS, 2);
    nas_rng rng = nas_rng_new(8, 8);
    disturb(c, 9);
    for (int i = 0; i < SAMPLES; i++) {
        nas_candidate *candidate = NULL;
        nas_arena_reset(f.arena);
        check_ok(nas_controller_sample(c, &rng, f.arena, &candidate, &err), err);
        uint64_t of = 0;
        for (int d = 0; d < nas_space_decision_count(f.space); d++) {
            int pick = nas_space_choice(f.space, candidate, d);
            of = nas_hash64(&pick, sizeof pick, of);
        }
        int at = 0;
        while (at < n && key[at] != of)
            at++;
        assert_true(at < ROOM);
        if (at == n) {
            key[n] = of;
            p[n++] = exp(log_p(c, candidate));
            sum += p[at];
        }
        seen[at]++;
    }
    assert_true(n > 50 && sum > 0.95 && sum < 1 + 1e-9);
    for (int i = 0; i < n; i++)
        if (p[i] * SAMPLES > 10)
            assert_true(fabs(seen[i] - p[i] * SAMPLES) <
                        5 * sqrt(p[i] * (1 - p[i]) * SAMPLES));
    nas_controller_free(c);
    fixture_close(&f);
}

/* Flat at the start; the entropy of a policy is at most that of the uniform one. */
static void it_starts_flat(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    fixture_open(&f, FIVE);
    nas_controller *c = controller_of(f.space, &OPTIONS, 1);
    nas_candidate *candidate = nas_space_smallest(f.space, f.arena);
    double p, entropy;
    check_ok(nas_controller_judge(c, candidate, &p, &entropy, &err), err);
    assert_true(fabs(p - 5 * log(0.25)) < 0.1);
    assert_true(entropy < 5 * log(4) && entropy > 5 * log(4) - 0.01);
    nas_controller_free(c);
    fixture_close(&f);
}

/* What softmaxes one by one cannot: that two decisions agree, whichever value they take.
 * The reward is 1 where a equals b and c equals d. */
static void it_learns_what_belongs_together(void **state)
{
    (void)state;
    enum { UPDATES = 400, SAMPLES = 10 };
    fixture f;
    nas_err err = {0};
    fixture_open(&f, FIVE);
    controller_options options = OPTIONS;
    options.hidden = 16;
    options.rate = 0.02;
    options.entropy = 0.05;
    options.clip = 5;
    nas_controller *c = controller_of(f.space, &options, 4);
    nas_rng rng = nas_rng_new(1, 2);
    double late = 0;
    for (int i = 0; i < UPDATES * SAMPLES; i++) {
        nas_candidate *x = NULL;
        nas_arena_reset(f.arena);
        check_ok(nas_controller_sample(c, &rng, f.arena, &x, &err), err);
        const bool agree =
            nas_space_choice(f.space, x, 0) == nas_space_choice(f.space, x, 1) &&
            nas_space_choice(f.space, x, 2) == nas_space_choice(f.space, x, 3);
        check_ok(nas_controller_learn(c, x, agree, &err), err);
        if (i % SAMPLES == SAMPLES - 1)
            nas_controller_step(c);
        if (i >= (UPDATES - 50) * SAMPLES)
            late += agree / (50.0 * SAMPLES);
    }
    assert_int_equal(nas_controller_steps(c), UPDATES);
    assert_true(late > 0.8); /* 1/16 by chance */
    nas_controller_free(c);
    fixture_close(&f);
}

/* Adam's first step is as long as the rate, whatever the gradient; a bound on its length
 * does not turn it. */
static void steps_are_those_of_adam(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    fixture_open(&f, FIVE);
    for (int clipped = 0; clipped < 2; clipped++) {
        controller_options options = OPTIONS;
        options.clip = clipped ? 0.05 : 0;
        nas_controller *c = controller_of(f.space, &options, 7);
        nas_candidate *candidate = nas_space_smallest(f.space, f.arena);
        double *w;
        const double *g;
        disturb(c, 7);
        check_ok(nas_controller_learn(c, candidate, 0.3, &err), err);
        check_ok(nas_controller_learn(c, candidate, 0.9, &err), err);
        int64_t n = nas_controller_weights(c, &w, &g);
        double *old = NAS_NEW(f.arena, double, n), *slope = NAS_NEW(f.arena, double, n);
        memcpy(old, w, (size_t)n * sizeof *old);
        memcpy(slope, g, (size_t)n * sizeof *slope);
        nas_controller_step(c);
        int64_t moved = 0;
        for (int64_t i = 0; i < n; i++) {
            assert_true(g[i] == 0);
            if (fabs(slope[i]) < 1e-3)
                continue;
            moved++;
            double expected = slope[i] > 0 ? -OPTIONS.rate : OPTIONS.rate;
            assert_true(fabs(w[i] - old[i] - expected) < 0.02 * OPTIONS.rate);
        }
        assert_true(moved > n / 10);
        nas_controller_free(c);
    }
    fixture_close(&f);
}

/* Saved and loaded it goes on to the same bytes; before it has seen a space, too. */
static void a_saved_one_goes_on(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_text half = {0}, whole = {0}, rest = {0};
    fixture_open(&f, CONDITIONAL);
    nas_controller *c = controller_of(f.space, &OPTIONS, 1);
    nas_controller *d = nas_controller_new(&OPTIONS);
    for (int i = 0; i < 8; i++) {
        nas_rng rng = nas_rng_new(1, (uint64_t)i);
        nas_candidate *x = NULL;
        if (i == 4) {
            nas_controller_save(c, &half);
            check_ok(nas_controller_load(d, half.data, half.length, &err), err);
            assert_true(nas_controller_begun(d));
        }
        for (int twin = 0; twin < (i < 4 ? 1 : 2); twin++) {
            nas_controller *one = twin ? d : c;
            check_ok(nas_controller_begin(one, f.space, &rng, &err), err);
            nas_rng own = rng;
            check_ok(nas_controller_sample(one, &own, f.arena, &x, &err), err);
            check_ok(nas_controller_learn(one, x, 0.1 * i, &err), err);
            nas_controller_step(one);
        }
    }
    nas_controller_save(c, &whole);
    nas_controller_save(d, &rest);
    assert_int_equal(whole.length, rest.length);
    assert_memory_equal(whole.data, rest.data, whole.length);
    nas_text_free(&half);
    nas_text_free(&whole);
    nas_text_free(&rest);
    nas_controller_free(c);
    nas_controller_free(d);
    fixture_close(&f);
}

static void foreign_bytes_are_refused(void **state)
{
    (void)state;
    fixture f, g;
    nas_err err = {0};
    nas_text bytes = {0}, none = {0};
    nas_rng rng = nas_rng_new(1, 1);
    fixture_open(&f, CONDITIONAL);
    fixture_open(&g, FIVE);
    controller_options options = OPTIONS;
    nas_controller *c = controller_of(f.space, &options, 1);
    options.hidden++;
    nas_controller *wider = nas_controller_new(&options);
    nas_controller *other = nas_controller_new(&OPTIONS);
    nas_controller_save(c, &bytes);
    for (size_t n = 0; n < bytes.length; n += n < 64 ? 1 : 97)
        assert_int_equal(nas_controller_load(other, bytes.data, n, &err), NAS_E_STUDY);
    assert_int_equal(nas_controller_load(wider, bytes.data, bytes.length, &err),
                     NAS_E_STUDY);
    assert_non_null(strstr(err.text, "not one of 7 units"));
    check_ok(nas_controller_load(other, bytes.data, bytes.length, &err), err);
    assert_int_equal(nas_controller_begin(other, g.space, &rng, &err), NAS_E_STUDY);
    assert_non_null(strstr(err.text, "weights found"));
    assert_false(nas_controller_begun(wider));
    nas_controller_save(wider, &none);
    check_ok(nas_controller_load(wider, none.data, none.length, &err), err);
    assert_false(nas_controller_begun(wider));
    nas_text_free(&bytes);
    nas_text_free(&none);
    nas_controller_free(c);
    nas_controller_free(wider);
    nas_controller_free(other);
    fixture_close(&f);
    fixture_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gradient_is_that_of_finite_differences),
        cmocka_unit_test(samples_have_their_probability),
        cmocka_unit_test(it_starts_flat),
        cmocka_unit_test(it_learns_what_belongs_together),
        cmocka_unit_test(steps_are_those_of_adam),
        cmocka_unit_test(a_saved_one_goes_on),
        cmocka_unit_test(foreign_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
