/* covers: isa.c, profile.c */
#include "check.h"

#include "engine/kernels.h"
#include "nasmith/text.h"

#include <string.h>

static void test_environment_lowers_the_instruction_set(void **state)
{
    (void)state;
    (void)unsetenv("NASMITH_ISA");
    const nas_isa best = nas_isa_best();
    for (int isa = 0; isa <= (int)best; isa++) {
        (void)setenv("NASMITH_ISA", nas_isa_name((nas_isa)isa), 1);
        assert_int_equal(nas_isa_best(), isa);
        assert_int_equal(nas_kernels_get((nas_isa)isa)->isa, isa);
    }
    (void)setenv("NASMITH_ISA", "avx1024", 1);
    assert_int_equal(nas_isa_best(), best);
    (void)unsetenv("NASMITH_ISA");
}

static void test_profile_has_a_line_per_unit(void **state)
{
    (void)state;
    for (int on = 0; on < 2; on++) {
        nas_err err = {0};
        nas_text text = {0};
        nas_graph *graph = NULL;
        nas_net *net = NULL;
        nas_rng rng = nas_rng_new(1, 2);
        const float inputs[16 * 3] = {2.385f};
        const int32_t labels[16] = {1};
        nas_graph_builder *b = nas_graph_builder_new();
        int at = nas_graph_add_input(b, (nas_shape){3, 1, 1});
        at = nas_graph_add_dense(b, nas_graph_add_dense(b, at, 5, ""), 2, "");
        check_ok(nas_graph_finish(b, at, &graph, &err), err);
        (void)(on ? setenv("NASMITH_PROFILE", "1", 1) : unsetenv("NASMITH_PROFILE"));
        nas_workspace *workspace = nas_workspace_new();
        nas_net_options options = nas_net_options_default();
        options.batch = 16;
        check_ok(nas_net_compile(graph, &options, workspace, &net, &err), err);
        nas_net_init(net, rng);
        nas_net_batch_floats(net, inputs, labels, NULL, 16);
        (void)nas_net_forward(net, true, &rng);
        nas_net_backward(net);
        nas_net_profile(net, &text);
        int lines = 0;
        for (const char *c = nas_text_string(&text); *c != '\0'; c++)
            lines += *c == '\n';
        assert_int_equal(lines, on ? 3 : 0);
        assert_true(!on || strstr(nas_text_string(&text), "dense") != NULL);
        nas_text_free(&text);
        nas_net_free(net);
        nas_workspace_free(workspace);
        nas_graph_free(graph);
        nas_graph_builder_free(b);
    }
    (void)unsetenv("NASMITH_PROFILE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment_lowers_the_instruction_set),
        cmocka_unit_test(test_profile_has_a_line_per_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
