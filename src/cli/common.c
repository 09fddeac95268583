/* What several verbs need: data options, recipe, the default study, the cache folder. */
#include "cli.h"

#include "nasmith/file.h"
#include "nasmith/rng.h"
#include "nasmith/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* @param out  0 for "auto" */
static nas_status auto_or_count(const nas_cli *cli, const char *name, int64_t *out,
                                nas_err *err)
{
    const char *text = nas_cli_string(cli, name);
    *out = 0;
    if (strcmp(text, "auto") == 0 ||
        (nas_parse_int(text, out, NULL) == NAS_OK && *out >= 1))
        return NAS_OK;
    return nas_fail(err, NAS_E_USAGE, "--%s %s: expected a number from 1, or auto", name,
                    text);
}

nas_status nas_cli_data_options(const nas_cli *cli, nas_data_options *out, nas_err *err)
{
    *out = nas_data_options_default();
    out->label = nas_cli_string(cli, "label");
    out->drop = nas_cli_string(cli, "drop");
    out->categories = nas_cli_string(cli, "categories");
    out->missing = nas_cli_string(cli, "missing");
    out->decimal_comma = nas_cli_bool(cli, "decimal_comma");
    out->task = nas_cli_string(cli, "task");
    out->normal = nas_cli_string(cli, "normal");
    out->validation = nas_cli_real(cli, "val");
    NAS_TRY(auto_or_count(cli, "folds", &out->folds, err));
    NAS_TRY(auto_or_count(cli, "repeats", &out->repeats, err));
    if (out->folds == 0 && cli->texts[nas_param_find(cli->params, "val")] != NULL)
        out->folds = 1; /* who names a share for validation wants one such part */
    out->seed = (uint64_t)nas_cli_int(cli, "split_seed");
    out->group = nas_cli_string(cli, "group");
    out->time = nas_cli_string(cli, "time_column");
    out->window = nas_cli_int(cli, "window");
    out->step = nas_cli_int(cli, "step");
    out->length = nas_cli_int(cli, "length");
    out->horizon = nas_cli_int(cli, "horizon");
    out->sample_rate = nas_cli_int(cli, "sample_rate");
    out->image_size = nas_cli_string(cli, "image_size");
    out->image_fit = nas_cli_string(cli, "image_fit");
    out->names = nas_cli_string(cli, "names");
    const char *test = nas_cli_string(cli, "test");
    if (nas_parse_real(test, &out->test, NULL) != NAS_OK) {
        out->test_path = test;
        out->test = 0;
    } else if (!(out->test > 0 && out->test < 0.95)) {
        return nas_fail(err, NAS_E_USAGE,
                        "--test %s: expected a share between 0 and 0.95, or a path",
                        test);
    }
    return NAS_OK;
}

const char *const nas_cli_dtypes[] = {"float", "int8", NULL};

nas_status nas_cli_recipe(const nas_cli *cli, nas_task task, nas_recipe *out,
                          nas_err *err)
{
    *out = nas_recipe_default(task);
    for (int i = 0; nas_recipe_params[i].name != NULL; i++) {
        const char *name = nas_recipe_params[i].name;
        int index = nas_param_find(cli->params, name);
        if (cli->texts[index] != NULL)
            NAS_TRY(nas_recipe_set(out, name, cli->texts[index], err));
    }
    return NAS_OK;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    return n > m && strcmp(name + n - m, suffix) == 0;
}

/* The newest of the *.nas.db here. *names collects all for the message. */
static nas_status newest_study(nas_arena *arena, const char **out, nas_err *err)
{
    char **names;
    int64_t n;
    NAS_TRY(nas_file_list(".", arena, &names, &n, err));
    time_t best = 0;
    *out = NULL;
    for (int64_t i = 0; i < n; i++) {
        struct stat info;
        if (!has_suffix(names[i], ".nas.db") || stat(names[i], &info) != 0)
            continue;
        if (*out == NULL || info.st_mtime > best) {
            best = info.st_mtime;
            *out = names[i];
        }
    }
    return NAS_OK;
}

nas_status nas_cli_default_study(nas_cli *cli, const char *given, const char **out,
                                 nas_err *err)
{
    if (given == NULL) {
        NAS_TRY(newest_study(cli->arena, out, err));
        if (*out != NULL)
            return NAS_OK;
        nas_fail(err, NAS_E_STUDY, "no study here: no file `*.nas.db` in this folder");
        nas_err_hint(err, "name one, or start one: nasmith search DATA");
        return NAS_E_STUDY;
    }
    *out = given;
    if (nas_file_exists(given))
        return NAS_OK;
    const char *longer = nas_arena_printf(cli->arena, "%s.nas.db", given);
    NAS_TRY_ALLOC(longer, err);
    if (nas_file_exists(longer)) {
        *out = longer;
        return NAS_OK;
    }
    const char *other = NULL;
    NAS_TRY(newest_study(cli->arena, &other, err));
    nas_fail(err, NAS_E_STUDY, "no study `%s`", given);
    if (other != NULL)
        nas_err_hint(err, "there is `%s` here", other);
    return NAS_E_STUDY;
}

nas_status nas_cli_cache_folder(nas_cli *cli, const char *data_path, const char **out,
                                nas_err *err)
{
    char absolute[PATH_MAX];
    if (realpath(data_path, absolute) == NULL) {
        nas_fail(err, NAS_E_DATA, "cannot read `%s`: no such file or folder", data_path);
        return NAS_E_DATA;
    }
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    const char *base = NULL;
    if (cache != NULL && cache[0] != '\0')
        base = nas_arena_printf(cli->arena, "%s/nasmith", cache);
    else
        base = nas_arena_printf(cli->arena, "%s/.cache/nasmith",
                                home != NULL && home[0] != '\0' ? home : "/tmp");
    NAS_TRY_ALLOC(base, err);
    uint64_t hash = nas_hash64(absolute, strlen(absolute), 0);
    *out =
        nas_arena_printf(cli->arena, "%s/data-%016llx", base, (unsigned long long)hash);
    NAS_TRY_ALLOC(*out, err);
    return nas_file_make_directory(*out, err);
}

void nas_cli_format_metric(bool fraction, double value, char *out, size_t size)
{
    if (value != value)
        (void)snprintf(out, size, "-");
    else if (fraction)
        (void)snprintf(out, size, "%.1f %%", 100 * value);
    else
        nas_text_number(out, size, value, 4);
}

int nas_cli_width(const char *text, int columns)
{
    for (; *text != '\0'; text++)
        columns += ((unsigned char)*text & 0xc0) == 0x80;
    return columns;
}

nas_status nas_cli_shape(const char *text, nas_shape *out, nas_err *err)
{
    int64_t extent[3];
    const char *at = text;
    for (int i = 0; i < 3; i++) {
        char *end;
        extent[i] = strtoll(at, &end, 10);
        bool last = i == 2;
        if (end == at || extent[i] < 1 || extent[i] > 65536 ||
            *end != (last ? '\0' : 'x'))
            return nas_fail(err, NAS_E_USAGE, "--input %s: expected a shape like 3x32x32",
                            text);
        at = end + 1;
    }
    *out = (nas_shape){extent[0], extent[1], extent[2]};
    return NAS_OK;
}
