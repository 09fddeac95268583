#include "nasmith/param.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PARAMS = 256 };

int nas_param_count(const nas_param *table)
{
    int n = 0;
    while (table[n].name != NULL)
        n++;
    return n;
}

static bool same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char x = *a == '-' ? '_' : *a;
        char y = *b == '-' ? '_' : *b;
        if (x != y)
            return false;
    }
    return *a == *b;
}

int nas_param_find(const nas_param *table, const char *name)
{
    for (int i = 0; table[i].name != NULL; i++)
        if (same_name(table[i].name, name))
            return i;
    return -1;
}

void nas_param_defaults(const nas_param *table, nas_value *values)
{
    for (int i = 0; table[i].name != NULL; i++) {
        values[i] = (nas_value){0};
        if (table[i].type == NAS_PARAM_STRING)
            values[i].s = table[i].default_text;
        else if (table[i].default_text != NULL) {
            nas_status status =
                nas_param_parse(table, i, table[i].default_text, values, NULL);
            assert(status == NAS_OK);
            (void)status;
        } else if (table[i].type == NAS_PARAM_REAL || table[i].type == NAS_PARAM_SECONDS)
            values[i].f = 0.0;
    }
}

static bool is_real(const nas_param *param)
{
    return param->type == NAS_PARAM_REAL || param->type == NAS_PARAM_SECONDS;
}

/* Written for numbers outside of their range: a parameter without default that nobody
 * set. */
static bool is_unset(const nas_param *param, nas_value value)
{
    bool outside = param->min != param->max && (param->min > 0.0 || param->max < 0.0);
    return param->default_text == NULL && outside &&
           (is_real(param) ? value.f == 0.0 : value.i == 0);
}

static nas_status check_range(const nas_param *param, nas_value value, const char *found,
                              nas_err *err)
{
    if (param->min == 0.0 && param->max == 0.0)
        return NAS_OK;
    double number = is_real(param) ? value.f : (double)value.i;
    if (number >= param->min && number <= param->max)
        return NAS_OK;
    const char *unit = param->unit != NULL ? param->unit : "";
    const char *space = param->unit != NULL ? " " : "";
    if (isinf(param->max))
        return nas_fail(err, NAS_E_USAGE, "%s: found %s, expected at least %.10g%s%s",
                        param->name, found, param->min, space, unit);
    return nas_fail(err, NAS_E_USAGE, "%s: found %s, expected %.10g to %.10g%s%s",
                    param->name, found, param->min, param->max, space, unit);
}

static nas_status parse_bool(const nas_param *param, const char *text, int64_t *out,
                             nas_err *err)
{
    static const char *const WORDS[] = {"false", "true", "no", "yes",
                                        "off",   "on",   "0",  "1"};
    for (int i = 0; i < (int)(sizeof WORDS / sizeof WORDS[0]); i++) {
        if (strcmp(text, WORDS[i]) == 0) {
            *out = i % 2;
            return NAS_OK;
        }
    }
    return nas_fail(err, NAS_E_USAGE, "%s: found `%s`, expected true or false",
                    param->name, text);
}

static nas_status parse_choice(const nas_param *param, const char *text, int64_t *out,
                               nas_err *err)
{
    nas_text list = {0};
    size_t n = 0;
    for (; param->choices[n] != NULL; n++) {
        if (strcmp(param->choices[n], text) == 0) {
            *out = (int64_t)n;
            nas_text_free(&list);
            return NAS_OK;
        }
        nas_text_puts(&list, n > 0 ? ", " : "");
        nas_text_puts(&list, param->choices[n]);
    }
    nas_status status = nas_fail(err, NAS_E_USAGE, "%s: found `%s`, expected one of %s",
                                 param->name, text, nas_text_string(&list));
    const char *nearest = nas_text_nearest(text, param->choices, n);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    nas_text_free(&list);
    return status;
}

static nas_status parse_value(const nas_param *param, const char *text, nas_value *value,
                              nas_err *err)
{
    nas_status status = NAS_OK;
    switch (param->type) {
    case NAS_PARAM_BOOL:
        return parse_bool(param, text, &value->i, err);
    case NAS_PARAM_CHOICE:
        return parse_choice(param, text, &value->i, err);
    case NAS_PARAM_STRING:
        value->s = text;
        return NAS_OK;
    case NAS_PARAM_INT:
        status = nas_parse_int(text, &value->i, err);
        break;
    case NAS_PARAM_COUNT:
        status = nas_parse_count(text, &value->i, err);
        break;
    case NAS_PARAM_BYTES:
        status = nas_parse_bytes(text, &value->i, err);
        break;
    case NAS_PARAM_REAL:
        status = nas_parse_real(text, &value->f, err);
        break;
    case NAS_PARAM_SECONDS:
        status = nas_parse_seconds(text, &value->f, err);
        break;
    }
    if (status != NAS_OK)
        nas_err_context(err, "%s", param->name);
    return status;
}

nas_status nas_param_parse(const nas_param *table, int index, const char *text,
                           nas_value *values, nas_err *err)
{
    nas_value value = {0};
    const nas_param *param = &table[index];
    NAS_TRY(parse_value(param, text, &value, err));
    if (param->type != NAS_PARAM_STRING && param->type != NAS_PARAM_CHOICE)
        NAS_TRY(check_range(param, value, text, err));
    values[index] = value;
    return NAS_OK;
}

static nas_status wrong_type(const nas_param *param, const json_t *found, nas_err *err)
{
    static const char *const EXPECTED[] = {
        [NAS_PARAM_BOOL] = "true or false",
        [NAS_PARAM_INT] = "a whole number",
        [NAS_PARAM_COUNT] = "a count such as 500 or \"50k\"",
        [NAS_PARAM_BYTES] = "a size such as 65536 or \"64KiB\"",
        [NAS_PARAM_REAL] = "a number",
        [NAS_PARAM_SECONDS] = "seconds such as 90 or \"1m30s\"",
        [NAS_PARAM_CHOICE] = "a string",
        [NAS_PARAM_STRING] = "a string",
    };
    static const char *const KINDS[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
        [JSON_STRING] = "a string",  [JSON_INTEGER] = "an integer",
        [JSON_REAL] = "a number",    [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return nas_fail(err, NAS_E_CONFIG, "%s: found %s, expected %s", param->name,
                    KINDS[json_typeof(found)], EXPECTED[param->type]);
}

/* A whole number, also when written 3.0. */
static bool whole_number(const json_t *json, int64_t *out)
{
    if (json_is_integer(json)) {
        *out = json_integer_value(json);
        return true;
    }
    double value = json_is_real(json) ? json_real_value(json) : (double)NAN;
    if (!(fabs(value) < 0x1p53) || value != floor(value))
        return false;
    *out = (int64_t)value;
    return true;
}

/* @return false if the kind of `json` does not suit; strings are left to parse_value */
static bool read_plain(const nas_param *param, const json_t *json, nas_value *out)
{
    switch (param->type) {
    case NAS_PARAM_BOOL:
        out->i = json_is_true(json);
        return json_is_boolean(json);
    case NAS_PARAM_INT:
    case NAS_PARAM_COUNT:
    case NAS_PARAM_BYTES:
        return whole_number(json, &out->i);
    case NAS_PARAM_REAL:
    case NAS_PARAM_SECONDS:
        out->f = json_number_value(json);
        return json_is_number(json);
    case NAS_PARAM_CHOICE:
    case NAS_PARAM_STRING:
        return false;
    }
    return false;
}

static bool takes_text(nas_param_type type)
{
    return type != NAS_PARAM_BOOL && type != NAS_PARAM_INT && type != NAS_PARAM_REAL;
}

static nas_status read_member(const nas_param *param, const json_t *json, nas_value *out,
                              nas_err *err)
{
    nas_value value = {0};
    if (json_is_null(json) && param->default_text == NULL) {
        *out = value;
        return NAS_OK;
    }
    if (json_is_string(json) && takes_text(param->type)) {
        NAS_TRY(nas_param_parse(param, 0, json_string_value(json), &value, err));
        *out = value;
        return NAS_OK;
    }
    if (!read_plain(param, json, &value))
        return wrong_type(param, json, err);
    char found[64];
    if (json_is_real(json))
        (void)snprintf(found, sizeof found, "%.10g", json_real_value(json));
    else
        (void)snprintf(found, sizeof found, "%lld", (long long)json_integer_value(json));
    if (param->type != NAS_PARAM_BOOL)
        NAS_TRY(check_range(param, value, found, err));
    *out = value;
    return NAS_OK;
}

static nas_status unknown_key(const nas_param *table, const char *what, const char *key,
                              nas_err *err)
{
    const char *names[MAX_PARAMS];
    size_t n = 0;
    nas_text list = {0};
    for (; table[n].name != NULL && n < MAX_PARAMS; n++) {
        names[n] = table[n].name;
        nas_text_puts(&list, n > 0 ? ", " : "");
        nas_text_puts(&list, names[n]);
    }
    nas_status status =
        n == 0 ? nas_fail(err, NAS_E_CONFIG, "%s: unknown key `%s`, it takes no keys",
                          what, key)
               : nas_fail(err, NAS_E_CONFIG, "%s: unknown key `%s`, expected one of %s",
                          what, key, nas_text_string(&list));
    const char *nearest = nas_text_nearest(key, names, n);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    nas_text_free(&list);
    return status;
}

nas_status nas_param_from_json(const nas_param *table, const json_t *object,
                               const char *what, nas_value *values, nas_err *err)
{
    if (!json_is_object(object))
        return nas_fail(err, NAS_E_CONFIG, "%s: expected an object of keys and values",
                        what);
    const char *key;
    json_t *member;
    /* jansson's iterator wants a mutable object but changes nothing */
    json_object_foreach((json_t *)(uintptr_t)object, key, member)
    {
        int i = nas_param_find(table, key);
        if (i < 0)
            return unknown_key(table, what, key, err);
        if (read_member(&table[i], member, &values[i], err) != NAS_OK) {
            nas_err_context(err, "%s", what);
            if (err != NULL)
                err->code = NAS_E_CONFIG;
            return NAS_E_CONFIG;
        }
    }
    return NAS_OK;
}

void nas_param_to_json(const nas_param *table, const nas_value *values, nas_json *json)
{
    for (int i = 0; table[i].name != NULL; i++) {
        const nas_param *param = &table[i];
        nas_json_key(json, param->name);
        if (param->type == NAS_PARAM_STRING)
            nas_json_string(json, values[i].s);
        else if (param->type == NAS_PARAM_BOOL)
            nas_json_bool(json, values[i].i != 0);
        else if (param->type == NAS_PARAM_CHOICE)
            nas_json_string(json, param->choices[values[i].i]);
        else if (is_unset(param, values[i]))
            nas_json_null(json);
        else if (is_real(param))
            nas_json_real(json, values[i].f);
        else
            nas_json_int(json, values[i].i);
    }
}
