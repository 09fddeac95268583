#include "search/screen.h"

#include "../evaluate/toy.h"

#include <math.h>

enum { N = 12 };

typedef struct fixture {
    nas_dataset *data;
    nas_space *space;
    nas_workspace *workspace;
    nas_arena *arena;
    nas_candidate *candidates[N];
    screener *screener;
} fixture;

static void open_fixture(fixture *f)
{
    nas_err err = {0};
    nas_rng rng = nas_rng_new(1, 1);
    f->data = toy_blobs(120, 8, 3);
    nas_space_context context = {.input = f->data->shape, .n_outputs = 3};
    check_ok(nas_space_load("table-mlp", &context, &f->space, &err), err);
    f->workspace = nas_workspace_new();
    f->arena = nas_arena_new();
    for (int i = 0; i < N; i++)
        f->candidates[i] = nas_space_sample(f->space, &rng, f->arena);
    check_ok(nas_screener_new(f->space, f->data, 5, f->workspace, &f->screener, &err),
             err);
}

static void close_fixture(fixture *f)
{
    nas_screener_free(f->screener);
    nas_space_free(f->space);
    nas_workspace_free(f->workspace);
    nas_arena_free(f->arena);
    toy_free(f->data);
}

/* The same ranks whatever was ranked before, and in any order of the candidates. */
static void test_ranks(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    double first[N], again[N], turned[N];
    nas_candidate *backwards[N];
    open_fixture(&f);
    check_ok(nas_screen_candidates(f.screener, f.candidates, N, first, &err), err);
    check_ok(nas_screen_candidates(f.screener, f.candidates, N, again, &err), err);
    for (int i = 0; i < N; i++)
        backwards[i] = f.candidates[N - 1 - i];
    check_ok(nas_screen_candidates(f.screener, backwards, N, turned, &err), err);
    double least = 0, most = -100;
    for (int i = 0; i < N; i++) {
        assert_true(first[i] == again[i] && fabs(first[i] - turned[N - 1 - i]) < 1e-12);
        least = fmin(least, first[i]);
        most = fmax(most, first[i]);
    }
    assert_true(most > least && most <= 0);
    close_fixture(&f);
}

/* Without memory a candidate ranks last; the screener goes on. */
static void test_without_memory(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    double ranks[N];
    int failed = 0, worked = 0;
    open_fixture(&f);
    for (int nth = 1; nth < 400; nth += 9) {
        nas_alloc_fail_nth(nth);
        const nas_status status =
            nas_screen_candidates(f.screener, f.candidates, N, ranks, &err);
        nas_alloc_fail_nth(0);
        assert_true(status == NAS_OK || status == NAS_E_NOMEM);
        failed += status != NAS_OK;
        worked += status == NAS_OK;
    }
    assert_true(failed <= 2 && worked > 0); /* its own scores and ranks, nothing else */
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
