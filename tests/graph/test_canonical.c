#include "check.h"

#include "nasmith/graph.h"

#include "random_graph.h"

#include <string.h>

/* Replays a graph into a builder. */
typedef struct replay {
    nas_graph_builder *builder;
    int index[512]; /* node of the original -> node of the copy */
} replay;

static int replay_node(replay *r, const nas_graph *graph, int i, nas_rng *shuffle)
{
    const nas_node *node = nas_graph_node(graph, i);
    if (node->op == NAS_OP_INPUT)
        return nas_graph_add_input(r->builder, node->shape);
    if (node->op == NAS_OP_STANDARDISE)
        return nas_graph_add_standardise(
            r->builder, r->index[node->inputs[0]], node->constants,
            node->constants + node->n_constants / 2, node->n_constants / 2);
    int inputs[128];
    for (int k = 0; k < node->n_inputs; k++)
        inputs[k] = r->index[node->inputs[k]];
    bool commutes = nas_op_get(node->op)->commutative;
    for (int k = node->n_inputs - 1; k > 0 && commutes && shuffle != NULL; k--) {
        int at = (int)nas_rng_below(shuffle, (uint64_t)k + 1);
        int swap = inputs[k];
        inputs[k] = inputs[at];
        inputs[at] = swap;
    }
    return nas_graph_add(r->builder, node->op, node->attr, inputs, node->n_inputs,
                         "copy");
}

static bool is_ready(const replay *r, const nas_graph *graph, int i)
{
    const nas_node *node = nas_graph_node(graph, i);
    for (int k = 0; k < node->n_inputs; k++)
        if (r->index[node->inputs[k]] < 0)
            return false;
    return r->index[i] < 0;
}

static nas_graph *finish(replay *r, int output)
{
    nas_graph *out = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(r->builder, output, &out, &err), err);
    nas_graph_builder_free(r->builder);
    return out;
}

/* The same network in a random topological order, inputs of add shuffled. */
static nas_graph *relabel(const nas_graph *graph, nas_rng *rng)
{
    replay r = {.builder = nas_graph_builder_new()};
    int n = nas_graph_count(graph);
    for (int i = 0; i < n; i++)
        r.index[i] = -1;
    for (int added = 0; added < n; added++) {
        int ready[512];
        int n_ready = 0;
        for (int i = 0; i < n; i++)
            if (is_ready(&r, graph, i))
                ready[n_ready++] = i;
        int i = ready[nas_rng_below(rng, (uint64_t)n_ready)];
        r.index[i] = replay_node(&r, graph, i, rng);
    }
    return finish(&r, r.index[nas_graph_output(graph)]);
}

/* Canonical JSON without names and front: what isomorphic networks have in common. */
static void canonical_text(const nas_graph *graph, nas_text *out)
{
    nas_graph *bare = NULL;
    nas_graph *canonical = NULL;
    nas_err err = {0};
    check_ok(nas_graph_with_front(graph, NULL, &bare, &err), err);
    check_ok(nas_graph_canonical(bare, &canonical, &err), err);
    replay r = {.builder = nas_graph_builder_new()};
    for (int i = 0; i < nas_graph_count(canonical); i++) {
        const nas_node *node = nas_graph_node(canonical, i);
        r.index[i] = i;
        if (node->op == NAS_OP_INPUT)
            (void)nas_graph_add_input(r.builder, node->shape);
        else
            (void)nas_graph_add(r.builder, node->op, node->attr, node->inputs,
                                node->n_inputs, NULL);
    }
    nas_graph *plain = finish(&r, nas_graph_output(canonical));
    nas_json json = nas_json_writer(out, 0);
    nas_graph_write_json(plain, &json);
    nas_graph_free(plain);
    nas_graph_free(canonical);
    nas_graph_free(bare);
}

static void assert_same_network(const nas_graph *a, const nas_graph *b)
{
    nas_text x = {0};
    nas_text y = {0};
    assert_int_equal(nas_graph_hash(a), nas_graph_hash(b));
    canonical_text(a, &x);
    canonical_text(b, &y);
    assert_string_equal(nas_text_string(&x), nas_text_string(&y));
    nas_text_free(&x);
    nas_text_free(&y);
}

static void test_relabelled_graphs_are_equal(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 1);
    for (int i = 0; i < 200; i++) {
        nas_graph *graph = nas_test_random_graph(&rng, NULL);
        nas_graph *other = relabel(graph, &rng);
        assert_same_network(graph, other);
        nas_graph_free(other);
        nas_graph_free(graph);
    }
}

static void test_canonical_form_is_a_fixed_point(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 2);
    for (int i = 0; i < 50; i++) {
        nas_err err = {0};
        nas_graph *graph = nas_test_random_graph(&rng, NULL);
        nas_graph *once = NULL;
        nas_graph *twice = NULL;
        check_ok(nas_graph_canonical(graph, &once, &err), err);
        check_ok(nas_graph_canonical(once, &twice, &err), err);
        assert_int_equal(nas_graph_count(graph), nas_graph_count(twice));
        assert_int_equal(nas_graph_params(graph), nas_graph_params(once));
        nas_text x = {0};
        nas_text y = {0};
        nas_json to_x = nas_json_writer(&x, 0);
        nas_json to_y = nas_json_writer(&y, 0);
        nas_graph_write_json(once, &to_x);
        nas_graph_write_json(twice, &to_y);
        assert_string_equal(nas_text_string(&x), nas_text_string(&y));
        nas_text_free(&x);
        nas_text_free(&y);
        nas_graph_free(twice);
        nas_graph_free(once);
        nas_graph_free(graph);
    }
}

/* input -> n branches -> add, each branch `ops` (a string of c: conv, r: relu). */
static nas_graph *branches(int n, const char *ops)
{
    replay r = {.builder = nas_graph_builder_new()};
    int input = nas_graph_add_input(r.builder, (nas_shape){3, 5, 5});
    int ends[64];
    for (int i = 0; i < n; i++) {
        ends[i] = input;
        for (const char *op = ops; *op != '\0'; op++)
            ends[i] = *op == 'c'
                          ? nas_graph_add_conv(r.builder, ends[i], 3, 3, 1, "")
                          : nas_graph_add_unary(r.builder, NAS_OP_RELU, ends[i], "");
    }
    return finish(&r, nas_graph_add(r.builder, NAS_OP_ADD, NULL, ends, n, ""));
}

static void test_symmetric_branches_do_not_explode(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 3);
    nas_graph *many = branches(24, "crc");
    nas_graph *other = relabel(many, &rng);
    nas_graph *less = branches(23, "crc");
    assert_same_network(many, other);
    assert_int_not_equal(nas_graph_hash(many), nas_graph_hash(less));
    nas_graph_free(less);
    nas_graph_free(other);
    nas_graph_free(many);
}

/* One convolution read twice is not two equal convolutions. */
static void test_shared_node_differs_from_two_equal_ones(void **state)
{
    (void)state;
    nas_graph *two = branches(2, "c");
    replay r = {.builder = nas_graph_builder_new()};
    int input = nas_graph_add_input(r.builder, (nas_shape){3, 5, 5});
    int conv = nas_graph_add_conv(r.builder, input, 3, 3, 1, "");
    nas_graph *shared = finish(
        &r, nas_graph_add(r.builder, NAS_OP_ADD, NULL, (int[]){conv, conv}, 2, ""));
    assert_int_not_equal(nas_graph_hash(two), nas_graph_hash(shared));
    nas_graph_free(shared);
    nas_graph_free(two);
}

/* Two convs A, B; relus read A,A,B or A,B,B...: refinement alone would have to see who
 * shares what. `pick` says which conv each of three relu branches reads. */
static nas_graph *sharing(const int *pick)
{
    replay r = {.builder = nas_graph_builder_new()};
    int input = nas_graph_add_input(r.builder, (nas_shape){3, 5, 5});
    int conv[2];
    int ends[4];
    for (int i = 0; i < 2; i++)
        conv[i] = nas_graph_add_conv(r.builder, input, 3, 3, 1, "");
    for (int i = 0; i < 4; i++)
        ends[i] = nas_graph_add_unary(r.builder, NAS_OP_RELU, conv[pick[i]], "");
    int left = nas_graph_add(r.builder, NAS_OP_ADD, NULL, ends, 2, "");
    int right = nas_graph_add(r.builder, NAS_OP_ADD, NULL, ends + 2, 2, "");
    return finish(
        &r, nas_graph_add(r.builder, NAS_OP_ADD, NULL, (int[]){left, right}, 2, ""));
}

static void test_ties_of_refinement_are_resolved(void **state)
{
    (void)state;
    nas_graph *parallel = sharing((int[]){0, 0, 1, 1});
    nas_graph *swapped = sharing((int[]){1, 1, 0, 0});
    nas_graph *crossed = sharing((int[]){0, 1, 0, 1});
    nas_graph *crossed_too = sharing((int[]){1, 0, 0, 1});
    assert_same_network(parallel, swapped);
    assert_same_network(crossed, crossed_too);
    assert_int_not_equal(nas_graph_hash(parallel), nas_graph_hash(crossed));
    nas_graph_free(parallel);
    nas_graph_free(swapped);
    nas_graph_free(crossed);
    nas_graph_free(crossed_too);
}

static void test_order_of_concat_matters(void **state)
{
    (void)state;
    uint64_t hash[2];
    for (int flip = 0; flip < 2; flip++) {
        replay r = {.builder = nas_graph_builder_new()};
        int input = nas_graph_add_input(r.builder, (nas_shape){3, 5, 5});
        int conv = nas_graph_add_conv(r.builder, input, 3, 3, 1, "");
        int both[2] = {flip ? conv : input, flip ? input : conv};
        nas_graph *graph =
            finish(&r, nas_graph_add(r.builder, NAS_OP_CONCAT, NULL, both, 2, ""));
        hash[flip] = nas_graph_hash(graph);
        nas_graph_free(graph);
    }
    assert_int_not_equal(hash[0], hash[1]);
}

/* A bipartite pattern between 4 convs and 4 adds: bit 4*a+c says that add a reads conv c.
 * Every add reads at least two. */
static nas_graph *bipartite(unsigned pattern)
{
    replay r = {.builder = nas_graph_builder_new()};
    int input = nas_graph_add_input(r.builder, (nas_shape){2, 3, 3});
    int conv[4];
    int sums[4];
    for (int c = 0; c < 4; c++)
        conv[c] = nas_graph_add_conv(r.builder, input, 2, 1, 1, "");
    for (int a = 0; a < 4; a++) {
        int inputs[4];
        int n = 0;
        for (int c = 0; c < 4; c++)
            if (pattern >> (4 * a + c) & 1)
                inputs[n++] = conv[c];
        sums[a] = nas_graph_add(r.builder, NAS_OP_ADD, NULL, inputs, n, "");
    }
    return finish(&r, nas_graph_add(r.builder, NAS_OP_ADD, NULL, sums, 4, ""));
}

static unsigned permuted(unsigned pattern, const int *rows, const int *columns)
{
    unsigned out = 0;
    for (int a = 0; a < 4; a++)
        for (int c = 0; c < 4; c++)
            if (pattern >> (4 * a + c) & 1)
                out |= 1u << (4 * rows[a] + columns[c]);
    return out;
}

static void permutation(int index, int *out)
{
    int left[4] = {0, 1, 2, 3};
    for (int i = 0; i < 4; i++) {
        int n = 4 - i;
        int at = index % n;
        index /= n;
        out[i] = left[at];
        left[at] = left[n - 1];
    }
}

/* The smallest pattern among all 24 x 24 renumberings: brute-force canonical form. */
static unsigned smallest(unsigned pattern)
{
    unsigned least = pattern;
    for (int i = 0; i < 24; i++)
        for (int k = 0; k < 24; k++) {
            int rows[4];
            int columns[4];
            permutation(i, rows);
            permutation(k, columns);
            unsigned other = permuted(pattern, rows, columns);
            least = other < least ? other : least;
        }
    return least;
}

static unsigned random_pattern(nas_rng *rng)
{
    unsigned pattern = 0;
    for (int a = 0; a < 4; a++) {
        unsigned row = 0;
        while ((row & (row - 1)) == 0)
            row = (unsigned)nas_rng_below(rng, 16);
        pattern |= row << (4 * a);
    }
    return pattern;
}

/* Unread convolutions are dropped, so patterns must use all four. */
static bool uses_all(unsigned pattern)
{
    unsigned any = 0;
    for (int a = 0; a < 4; a++)
        any |= pattern >> (4 * a) & 15;
    return any == 15;
}

static void test_hash_agrees_with_brute_force(void **state)
{
    (void)state;
    enum { N = 160 };
    static unsigned canon[N];
    static uint64_t hash[N];
    nas_rng rng = nas_rng_new(2385, 4);
    for (int i = 0; i < N; i++) {
        unsigned pattern = 0;
        while (!uses_all(pattern))
            pattern = random_pattern(&rng);
        nas_graph *graph = bipartite(pattern);
        canon[i] = smallest(pattern);
        hash[i] = nas_graph_hash(graph);
        nas_graph_free(graph);
    }
    int equal = 0;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < i; k++) {
            assert_int_equal(canon[i] == canon[k], hash[i] == hash[k]);
            equal += canon[i] == canon[k];
        }
    assert_true(equal > 20);
}

/* Change one attribute or one operator of a random node. @return false: nothing to change
 */
static bool mutate(nas_node *node, nas_rng *rng)
{
    switch (node->op) {
    case NAS_OP_CONV:
    case NAS_OP_DEPTHWISE:
        node->attr[NAS_ATTR_WINDOW_BIAS].i ^= 1;
        return true;
    case NAS_OP_MAX_POOL:
        node->op = NAS_OP_AVG_POOL;
        return true;
    case NAS_OP_RELU:
        node->op = NAS_OP_RELU6;
        return true;
    case NAS_OP_BATCH_NORM:
        node->attr[NAS_ATTR_BN_EPSILON].f *= 1.0 + nas_rng_uniform(rng);
        return true;
    case NAS_OP_DENSE:
        node->attr[NAS_ATTR_DENSE_BIAS].i ^= 1;
        return true;
    default:
        return false;
    }
}

static void test_mutations_are_seen(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 5);
    nas_test_graph_options options = {.front = -1};
    for (int i = 0; i < 100; i++) {
        nas_graph *graph = nas_test_random_graph(&rng, &options);
        replay r = {.builder = nas_graph_builder_new()};
        int target = -1;
        nas_node changed;
        do {
            target = (int)nas_rng_below(&rng, (uint64_t)nas_graph_count(graph));
            changed = *nas_graph_node(graph, target);
        } while (!mutate(&changed, &rng));
        for (int k = 0; k < nas_graph_count(graph); k++) {
            const nas_node *node = k == target ? &changed : nas_graph_node(graph, k);
            r.index[k] = node->op == NAS_OP_INPUT
                             ? nas_graph_add_input(r.builder, node->shape)
                             : nas_graph_add(r.builder, node->op, node->attr,
                                             node->inputs, node->n_inputs, "");
        }
        nas_graph *other = finish(&r, nas_graph_output(graph));
        assert_int_not_equal(nas_graph_hash(graph), nas_graph_hash(other));
        nas_graph_free(other);
        nas_graph_free(graph);
    }
}

static void test_front_and_names_are_outside(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 6);
    float mean[16] = {2.385f, -1.25f};
    float inverse[16] = {0.5f, 3.75f};
    const nas_front front = {.mean = mean, .inverse_deviation = inverse};
    for (int i = 0; i < 20; i++) {
        nas_err err = {0};
        nas_graph *graph = nas_test_random_graph(&rng, NULL);
        nas_graph *fitted = NULL;
        check_ok(nas_graph_with_front(graph, &front, &fitted, &err), err);
        assert_int_equal(nas_graph_hash(graph), nas_graph_hash(fitted));
        assert_int_equal(nas_graph_node(fitted, 1)->op, NAS_OP_STANDARDISE);
        nas_graph_free(fitted);
        nas_graph_free(graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relabelled_graphs_are_equal),
        cmocka_unit_test(test_canonical_form_is_a_fixed_point),
        cmocka_unit_test(test_symmetric_branches_do_not_explode),
        cmocka_unit_test(test_shared_node_differs_from_two_equal_ones),
        cmocka_unit_test(test_ties_of_refinement_are_resolved),
        cmocka_unit_test(test_order_of_concat_matters),
        cmocka_unit_test(test_hash_agrees_with_brute_force),
        cmocka_unit_test(test_mutations_are_seen),
        cmocka_unit_test(test_front_and_names_are_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
