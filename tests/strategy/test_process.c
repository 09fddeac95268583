/* covers: view.c */
#include "fixture.h"

#include "strategy/model/process.h"

enum { SEEN = 30 };

/* All of NAS-Bench-201: 9,445 networks, sorted by key, each the first of its class. */
static void a_space_is_seen_once(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    view v;
    view_set set;
    fixture_open(&f, "nasbench201");
    check_ok(nas_view_all(&v, f.space, 0, f.arena, &set, &err), err);
    assert_int_equal(set.n, 9445);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < set.n; i++) {
        assert_true(i == 0 || set.key[i] > set.key[i - 1]);
        sum += (double)set.feature[i * v.used];
        squares += (double)set.feature[i * v.used] * (double)set.feature[i * v.used];
    }
    assert_true(fabs(sum / 9445) < 1e-3 && fabs(squares / 9445 - 0.25) < 1e-3);
    assert_true(v.used > 15 && v.used < NAS_SPACE_FEATURES);
    for (int64_t i = 0; i < set.n; i += 97)
        assert_int_equal(set.key[i], nas_space_key(f.space, set.candidate[i]));
    fixture_close(&f);
}

static void distances(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    view v;
    view_set set;
    fixture_open(&f, TINY);
    check_ok(nas_view_sample(&v, f.space, 0, f.arena, &err), err);
    check_ok(nas_view_set_new(&v, 6, f.arena, &set, &err), err);
    for (int i = 0; i < 6; i++)
        nas_view_add(&v, &set, nas_space_at(f.space, i, f.arena));
    /* 3 widths, 2 kernels: of two decisions each weighs 3; ordered ones by their steps */
    assert_true(fabs(nas_view_hamming(&v, set.pick, set.pick + 2) -
                     nas_view_hamming(&v, set.pick + 2, set.pick)) < 1e-12);
    double most = 0;
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++) {
            double d = nas_view_hamming(&v, set.pick + 2 * i, set.pick + 2 * j);
            assert_true((d > 0) == (i != j));
            most = fmax(most, d);
        }
    assert_true(fabs(most - 6) < 1e-9);
    int16_t a[2] = {0, 0}, b[2] = {1, 0}, c[2] = {-1, 0};
    assert_true(fabs(nas_view_hamming(&v, a, b) - 1.5) < 1e-6);
    assert_true(fabs(nas_view_hamming(&v, a, c) - 3) < 1e-6);
    fixture_close(&f);
}

static double made_up(const nas_space *space, const nas_candidate *candidate)
{
    float f[NAS_SPACE_FEATURES];
    (void)nas_space_features(space, candidate, f);
    return sin((double)f[0]) + 0.1 * (double)f[1];
}

typedef struct model {
    fixture f;
    view v;
    view_set all;
    process p;
    process_field field;
    double y[SEEN], work[SEEN];
} model;

static void open_model(model *m)
{
    nas_err err = {0};
    nas_rng rng = nas_rng_new(3, 3);
    fixture_open(&m->f, "nasbench201");
    check_ok(nas_view_all(&m->v, m->f.space, 0, m->f.arena, &m->all, &err), err);
    check_ok(nas_process_init(&m->p, &m->v, SEEN + 5, m->f.arena, &err), err);
    check_ok(nas_process_field_init(&m->field, &m->all, SEEN + 5, m->f.arena, &err), err);
    double sum = 0;
    for (int i = 0; i < SEEN; i++) {
        nas_candidate *candidate =
            m->all.candidate[nas_rng_below(&rng, (uint64_t)m->all.n)];
        nas_process_observe(&m->p, candidate);
        m->y[i] = made_up(m->f.space, candidate);
        sum += m->y[i] / SEEN;
    }
    for (int i = 0; i < SEEN; i++)
        m->y[i] -= sum;
}

static void close_model(model *m)
{
    nas_process_free(&m->p);
    fixture_close(&m->f);
}

/* The fit is never worse than the kernel it starts from, and moves. */
static void the_fit_raises_the_likelihood(void **state)
{
    (void)state;
    model m;
    nas_rng rng = nas_rng_new(4, 4);
    open_model(&m);
    process_kernel start = m.p.kernel;
    nas_gaussian_whiten(&m.p.g, m.y, m.work);
    double before = nas_gaussian_log_likelihood(&m.p.g, m.work);
    nas_process_fit(&m.p, m.y, m.work, &rng);
    nas_gaussian_whiten(&m.p.g, m.y, m.work);
    assert_true(nas_gaussian_log_likelihood(&m.p.g, m.work) > before);
    assert_true(m.p.kernel.noise != start.noise);
    close_model(&m);
}

/* Row by row or at once, with a detour over believed observations: the same bits. The
 * posterior at what was seen is near what was observed there. */
static void a_field_that_grows_equals_one_made_at_once(void **state)
{
    (void)state;
    model m;
    nas_err err = {0};
    process_field once;
    open_model(&m);
    process_kernel k = m.p.kernel;
    k.noise = 1e-6;
    nas_process_set_kernel(&m.p, &k);
    int n = m.p.g.n;
    m.p.g.n = n / 2;
    nas_process_field_extend(&m.field, &m.p);
    nas_process_field_mark(&m.field);
    m.p.g.n = n / 2 + 4;
    nas_process_field_extend(&m.field, &m.p);
    nas_process_field_rewind(&m.field);
    m.p.g.n = n;
    nas_process_field_extend(&m.field, &m.p);
    check_ok(nas_process_field_init(&once, &m.all, SEEN + 5, m.f.arena, &err), err);
    nas_process_field_extend(&once, &m.p);
    nas_gaussian_whiten(&m.p.g, m.y, m.work);
    nas_process_field_predict(&m.field, m.work);
    nas_process_field_predict(&once, m.work);
    size_t bytes = (size_t)m.all.n * sizeof(double);
    assert_memory_equal(m.field.mean, once.mean, bytes);
    assert_memory_equal(m.field.variance, once.variance, bytes);
    for (int i = 0; i < SEEN; i++)
        for (int64_t c = 0; c < m.all.n; c++)
            if (m.all.key[c] == m.p.seen.key[i])
                assert_true(fabs(once.mean[c] - m.y[i]) < 0.01 &&
                            once.variance[c] < 0.01);
    close_model(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_space_is_seen_once),
        cmocka_unit_test(distances),
        cmocka_unit_test(the_fit_raises_the_likelihood),
        cmocka_unit_test(a_field_that_grows_equals_one_made_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
