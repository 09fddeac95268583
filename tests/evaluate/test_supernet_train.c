#include "nasmith/supernet.h"

#include "evaluate/shared.h"

typedef struct world {
    nas_arena *arena;
    nas_space *space;
    nas_dataset *data;
    nas_workspace *workspace;
    nas_supernet_job job;
    nas_text checkpoint;   /* of the epoch `keep_epoch` */
    int64_t keep_epoch;    /* keep that one and stop */
    int64_t epochs, ticks; /* heard of */
    double loss[64];       /* by epoch */
} world;

static bool on_epoch(void *context, const nas_supernet_job *job,
                     const nas_curve_point *point, int64_t epochs_done,
                     const nas_text *checkpoint)
{
    (void)job;
    world *w = context;
    w->loss[w->epochs++] = point->train_loss;
    if (epochs_done != w->keep_epoch)
        return true;
    nas_text_clear(&w->checkpoint);
    nas_text_append(&w->checkpoint, checkpoint->data, checkpoint->length);
    return false;
}

static void open_world(world *w, const char *space, bool fair)
{
    *w = (world){.arena = nas_arena_new(),
                 .data = shared_images(320),
                 .workspace = nas_workspace_new()};
    w->space = shared_space(space, w->data->shape, w->data->n_outputs);
    nas_recipe recipe = nas_recipe_default(w->data->task);
    recipe.batch = 32;
    recipe.shift = 1;
    w->job = (nas_supernet_job){.space = w->space,
                                .data = w->data,
                                .rows = w->data->train,
                                .n_rows = w->data->n_train,
                                .recipe = nas_supernet_recipe(&recipe),
                                .kind = NAS_SUPERNET_PATHS,
                                .paths = {.fair = fair},
                                .epochs = 4,
                                .seed = 11,
                                .on_epoch = on_epoch,
                                .context = w};
}

static void close_world(world *w)
{
    nas_text_free(&w->checkpoint);
    nas_space_free(w->space);
    nas_workspace_free(w->workspace);
    toy_free(w->data);
    nas_arena_free(w->arena);
}

static nas_supernet_result train(world *w)
{
    nas_err err = {0};
    nas_supernet_result result;
    w->epochs = 0;
    check_ok(nas_supernet_train(&w->job, w->workspace, w->arena, &result, &err), err);
    return result;
}

static nas_text bytes_of(const nas_supernet_result *result)
{
    nas_err err = {0};
    nas_text bytes = {0};
    assert_int_equal(result->outcome, NAS_OUTCOME_DONE);
    check_ok(nas_bank_save(result->bank, true, &bytes, &err), err);
    return bytes;
}

/* A path that was trained in the supernet knows the classes. */
static void paths_learn(void **state)
{
    (void)state;
    for (int fair = 0; fair < 2; fair++) {
        world w;
        open_world(&w, CELLS, fair != 0);
        w.job.epochs = fair ? 10 : 30;
        nas_supernet_result r = train(&w);
        assert_int_equal(r.outcome, NAS_OUTCOME_DONE);
        assert_int_equal(w.epochs, w.job.epochs);
        assert_true(w.loss[w.epochs - 1] < 0.8 * w.loss[0]);
        assert_int_equal(r.steps, w.job.epochs * (240 / 32));
        assert_true(r.paths > r.steps / 2 && r.paths <= r.steps * (fair ? 4 : 1));
        assert_true(fabs(r.epochs - (double)w.job.epochs) < 1e-9);
        nas_err err = {0};
        nas_graph *graph = shared_graph(w.space, (int[]){3, 1, 3}, 3, w.arena);
        nas_job job = shared_job(w.data, graph);
        nas_job_result score;
        check_ok(
            nas_supernet_score(r.bank, &job, w.workspace, false, w.arena, &score, &err),
            err);
        assert_true(score.validation.value > 0.6);
        nas_graph_free(graph);
        nas_bank_free(r.bank);
        close_world(&w);
    }
}

static void the_same_job_gives_the_same_bytes(void **state)
{
    (void)state;
    for (int fair = 0; fair < 2; fair++) {
        world w;
        open_world(&w, CELLS, fair != 0);
        w.job.epochs = 2;
        nas_supernet_result a = train(&w), b = train(&w);
        w.job.seed++;
        nas_supernet_result c = train(&w);
        nas_text x = bytes_of(&a), y = bytes_of(&b), z = bytes_of(&c);
        assert_int_equal(x.length, y.length);
        assert_memory_equal(x.data, y.data, x.length);
        assert_true(x.length != z.length || memcmp(x.data, z.data, x.length) != 0);
        nas_text_free(&x);
        nas_text_free(&y);
        nas_text_free(&z);
        nas_bank_free(a.bank);
        nas_bank_free(b.bank);
        nas_bank_free(c.bank);
        close_world(&w);
    }
}

static void resumed_training_equals_uninterrupted(void **state)
{
    (void)state;
    for (int fair = 0; fair < 2; fair++) {
        world w;
        open_world(&w, CELLS, fair != 0);
        w.job.epochs = 3;
        nas_supernet_result whole = train(&w);
        w.keep_epoch = 2;
        nas_supernet_result half = train(&w);
        assert_int_equal(half.outcome, NAS_OUTCOME_STOPPED);
        assert_null(half.bank);
        w.keep_epoch = 0;
        w.job.resume = w.checkpoint.data;
        w.job.resume_bytes = w.checkpoint.length;
        nas_supernet_result rest = train(&w);
        assert_int_equal(w.epochs, 1);
        nas_text x = bytes_of(&whole), y = bytes_of(&rest);
        assert_int_equal(x.length, y.length);
        assert_memory_equal(x.data, y.data, x.length);
        assert_int_equal(whole.steps, rest.steps);
        assert_int_equal(whole.paths, rest.paths);
        assert_true(whole.train_loss == rest.train_loss);
        nas_text_free(&x);
        nas_text_free(&y);
        nas_bank_free(whole.bank);
        nas_bank_free(rest.bank);
        close_world(&w);
    }
}

/* A checkpoint of another seed, or cut off, is not ours: from scratch. */
static void foreign_checkpoints_are_ignored(void **state)
{
    (void)state;
    world w;
    open_world(&w, CELLS, false);
    w.job.epochs = 2;
    w.keep_epoch = 1;
    (void)train(&w);
    w.keep_epoch = 0;
    nas_supernet_result scratch = train(&w);
    nas_text x = bytes_of(&scratch);
    w.job.resume = w.checkpoint.data;
    w.job.resume_bytes = w.checkpoint.length - 1;
    nas_supernet_result cut = train(&w);
    assert_int_equal(w.epochs, 2);
    nas_text y = bytes_of(&cut);
    assert_int_equal(x.length, y.length);
    assert_memory_equal(x.data, y.data, x.length);
    w.job.resume_bytes = w.checkpoint.length;
    w.job.seed++;
    nas_supernet_result other = train(&w);
    assert_int_equal(w.epochs, 2);
    nas_text_free(&x);
    nas_text_free(&y);
    nas_bank_free(scratch.bank);
    nas_bank_free(cut.bank);
    nas_bank_free(other.bank);
    close_world(&w);
}

static bool stop_at_once(void *context, const nas_supernet_job *job, double epoch)
{
    (void)job;
    (void)epoch;
    ((world *)context)->ticks++;
    return false;
}

/* With hardly any time the schedule is walked through in few steps, or one is stopped. */
static void time_ends_it(void **state)
{
    (void)state;
    world w;
    open_world(&w, CELLS, false);
    w.job.epochs = 100000;
    w.job.share = 0.5;
    w.job.left_s = 1.6;
    nas_supernet_result r = train(&w);
    assert_int_equal(r.outcome, NAS_OUTCOME_DONE);
    assert_true(r.seconds < 1.6 && r.epochs < 100000);
    nas_bank_free(r.bank);
    w.job.share = 0;
    w.job.on_tick = stop_at_once;
    r = train(&w);
    assert_int_equal(r.outcome, NAS_OUTCOME_STOPPED);
    assert_int_equal(w.ticks, 1);
    assert_null(r.bank);
    close_world(&w);
}

static void divergence_is_an_outcome(void **state)
{
    (void)state;
    world w;
    open_world(&w, CELLS, false);
    w.job.recipe.learning_rate = 1e30;
    nas_supernet_result r = train(&w);
    assert_int_equal(r.outcome, NAS_OUTCOME_DIVERGED);
    assert_non_null(strstr(r.reason, "NaN or infinite in epoch 1"));
    assert_null(r.bank);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_learn),
        cmocka_unit_test(the_same_job_gives_the_same_bytes),
        cmocka_unit_test(resumed_training_equals_uninterrupted),
        cmocka_unit_test(foreign_checkpoints_are_ignored),
        cmocka_unit_test(time_ends_it),
        cmocka_unit_test(divergence_is_an_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
