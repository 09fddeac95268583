#include "check.h"

#include "nasmith/param.h"

#include <math.h>
#include <string.h>

enum { NESTEROV, EPOCHS, PARAMS, RAM, RATE, TIME, KIND, LABEL, FOLDS, VALUES };

static const char *const KINDS[] = {"sgd", "adamw", NULL};

static const nas_param TABLE[] = {
    {"nesterov", NAS_PARAM_BOOL, NULL, "yes", 0, 0, NULL, "d", "s"},
    {"epochs", NAS_PARAM_INT, "epochs", "12", 1, 1000, NULL, "d", "s"},
    {"max_params", NAS_PARAM_COUNT, NULL, "50k", 1, 1e9, NULL, "d", "s"},
    {"max_ram", NAS_PARAM_BYTES, "bytes", NULL, 0, 0, NULL, "d", "s"},
    {"learning_rate", NAS_PARAM_REAL, NULL, "0.05", 1e-6, 10, NULL, "d", "s"},
    {"time", NAS_PARAM_SECONDS, "s", "10m", 1, (double)INFINITY, NULL, "d", "s"},
    {"optimizer", NAS_PARAM_CHOICE, NULL, "adamw", 0, 0, KINDS, "d", "s"},
    {"label", NAS_PARAM_STRING, NULL, NULL, 0, 0, NULL, "d", "s"},
    {"folds", NAS_PARAM_INT, NULL, NULL, 2, 20, NULL, "d", "s"},
    {NULL, NAS_PARAM_BOOL, NULL, NULL, 0, 0, NULL, NULL, NULL},
};

static void test_defaults(void **state)
{
    (void)state;
    nas_value v[VALUES];
    memset(v, 0x5a, sizeof v);
    nas_param_defaults(TABLE, v);
    assert_int_equal(nas_param_count(TABLE), VALUES);
    assert_int_equal(v[NESTEROV].i, 1);
    assert_int_equal(v[EPOCHS].i, 12);
    assert_int_equal(v[PARAMS].i, 50000);
    assert_int_equal(v[RAM].i, 0);
    assert_true(v[RATE].f == 0.05);
    assert_true(v[TIME].f == 600.0);
    assert_int_equal(v[KIND].i, 1);
    assert_null(v[LABEL].s);
    assert_int_equal(v[FOLDS].i, 0);
}

static void test_find(void **state)
{
    (void)state;
    assert_int_equal(nas_param_find(TABLE, "learning-rate"), RATE);
    assert_int_equal(nas_param_find(TABLE, "learning_rate"), RATE);
    assert_int_equal(nas_param_find(TABLE, "learning"), -1);
    assert_int_equal(nas_param_find(TABLE, "learning_rates"), -1);
}

static void check_refused(int index, const char *text, const char *message)
{
    nas_value v[VALUES];
    nas_param_defaults(TABLE, v);
    nas_value before = v[index];
    nas_err err = {0};
    assert_int_equal(nas_param_parse(TABLE, index, text, v, &err), NAS_E_USAGE);
    assert_string_equal(err.text, message);
    assert_memory_equal(&v[index], &before, sizeof before);
}

static void test_parse(void **state)
{
    (void)state;
    nas_value v[VALUES];
    nas_err err = {0};
    nas_param_defaults(TABLE, v);
    check_ok(nas_param_parse(TABLE, RAM, "64KiB", v, &err), err);
    check_ok(nas_param_parse(TABLE, TIME, "3m", v, &err), err);
    check_ok(nas_param_parse(TABLE, KIND, "sgd", v, &err), err);
    check_ok(nas_param_parse(TABLE, NESTEROV, "off", v, &err), err);
    check_ok(nas_param_parse(TABLE, LABEL, "species", v, &err), err);
    assert_int_equal(v[RAM].i, 65536);
    assert_true(v[TIME].f == 180.0);
    assert_int_equal(v[KIND].i, 0);
    assert_int_equal(v[NESTEROV].i, 0);
    assert_string_equal(v[LABEL].s, "species");

    check_refused(EPOCHS, "0", "epochs: found 0, expected 1 to 1000 epochs");
    check_refused(EPOCHS, "2.5", "epochs: `2.5` is not a whole number");
    check_refused(TIME, "0.5", "time: found 0.5, expected at least 1 s");
    check_refused(RATE, "11", "learning_rate: found 11, expected 1e-06 to 10");
    check_refused(NESTEROV, "maybe", "nesterov: found `maybe`, expected true or false");
    check_refused(KIND, "adam", "optimizer: found `adam`, expected one of sgd, adamw");
    (void)nas_param_parse(TABLE, KIND, "adam", v, &err);
    assert_string_equal(err.hint, "did you mean `adamw`?");
}

static json_t *parse(const char *text)
{
    nas_err err = {0};
    json_t *object = NULL;
    check_ok(nas_json_parse(text, strlen(text), "test", &object, &err), err);
    return object;
}

static void test_from_json(void **state)
{
    (void)state;
    nas_value v[VALUES];
    nas_err err = {0};
    nas_param_defaults(TABLE, v);
    json_t *object = parse("{\"epochs\": 3.0, \"max-ram\": \"2KiB\", \"time\": 2.5,"
                           " \"nesterov\": false, \"optimizer\": \"sgd\","
                           " \"label\": \"y\", \"learning_rate\": 1, \"folds\": null}");
    check_ok(nas_param_from_json(TABLE, object, "recipe", v, &err), err);
    assert_int_equal(v[EPOCHS].i, 3);
    assert_int_equal(v[RAM].i, 2048);
    assert_true(v[TIME].f == 2.5);
    assert_int_equal(v[NESTEROV].i, 0);
    assert_int_equal(v[KIND].i, 0);
    assert_string_equal(v[LABEL].s, "y");
    assert_true(v[RATE].f == 1.0);
    assert_int_equal(v[PARAMS].i, 50000); /* absent: kept */
    json_decref(object);
}

static void check_json_refused(const char *text, const char *message, const char *hint)
{
    nas_value v[VALUES];
    nas_err err = {0};
    nas_param_defaults(TABLE, v);
    json_t *object = parse(text);
    assert_int_equal(nas_param_from_json(TABLE, object, "recipe", v, &err), NAS_E_CONFIG);
    assert_int_equal(err.code, NAS_E_CONFIG);
    assert_string_equal(err.text, message);
    assert_string_equal(err.hint, hint);
    json_decref(object);
}

static void test_json_mistakes(void **state)
{
    (void)state;
    check_json_refused(
        "{\"epoch\": 3}",
        "recipe: unknown key `epoch`, expected one of nesterov, epochs, "
        "max_params, max_ram, learning_rate, time, optimizer, label, folds",
        "did you mean `epochs`?");
    check_json_refused("{\"epochs\": \"3\"}",
                       "recipe: epochs: found a string, expected a whole number", "");
    check_json_refused("{\"epochs\": 3.5}",
                       "recipe: epochs: found a number, expected a whole number", "");
    check_json_refused("{\"epochs\": null}",
                       "recipe: epochs: found null, expected a whole number", "");
    check_json_refused("{\"epochs\": 1001}",
                       "recipe: epochs: found 1001, expected 1 to 1000 epochs", "");
    check_json_refused("{\"learning_rate\": 10.5}",
                       "recipe: learning_rate: found 10.5, expected 1e-06 to 10", "");
    check_json_refused("{\"nesterov\": 1}",
                       "recipe: nesterov: found an integer, expected true or false", "");
    check_json_refused("{\"max_ram\": \"2q\"}",
                       "recipe: max_ram: `2q` is not a size such as 512B, 64KiB, 1.5MiB "
                       "or 2GB",
                       "");
    check_json_refused("{\"label\": [1]}",
                       "recipe: label: found an array, expected a string", "");
    check_json_refused("{\"optimizer\": \"adamv\"}",
                       "recipe: optimizer: found `adamv`, expected one of sgd, adamw",
                       "did you mean `adamw`?");
    check_json_refused("[1]", "recipe: expected an object of keys and values", "");
}

static void test_json_round_trip(void **state)
{
    (void)state;
    nas_value v[VALUES], w[VALUES];
    nas_err err = {0};
    nas_param_defaults(TABLE, v);
    v[RATE].f = 2.385e-3;
    v[KIND].i = 0;
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_param_to_json(TABLE, v, &json);
    nas_json_object_end(&json);
    assert_string_equal(nas_text_string(&text),
                        "{\"nesterov\":true,\"epochs\":12,\"max_params\":50000,"
                        "\"max_ram\":0,\"learning_rate\":0.002385,\"time\":600,"
                        "\"optimizer\":\"sgd\",\"label\":null,\"folds\":null}");
    json_t *object = parse(nas_text_string(&text));
    memset(w, 0x5a, sizeof w);
    check_ok(nas_param_from_json(TABLE, object, "recipe", w, &err), err);
    assert_memory_equal(v, w, sizeof v);
    json_decref(object);
    nas_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),      cmocka_unit_test(test_find),
        cmocka_unit_test(test_parse),         cmocka_unit_test(test_from_json),
        cmocka_unit_test(test_json_mistakes), cmocka_unit_test(test_json_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
