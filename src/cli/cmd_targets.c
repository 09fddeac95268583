/* nasmith targets: the devices that --target knows. */
#include "cli.h"

#include "nasmith/json.h"

#include <string.h>

static const nas_param NO_PARAMS[] = {{.name = NULL}};

static const char *dtype_name(const nas_target *target)
{
    return nas_cli_dtypes[target->dtype == NAS_INT8 ? 1 : 0];
}

static void print_row(const nas_target *target)
{
    char ram[32] = "-", flash[32] = "-", clock[32] = "-";
    if (target->ram_bytes > 0)
        nas_text_bytes(ram, sizeof ram, target->ram_bytes);
    if (target->flash_bytes > 0)
        nas_text_bytes(flash, sizeof flash, target->flash_bytes);
    if (target->device.clock_mhz > 0)
        (void)snprintf(clock, sizeof clock, "%.4g MHz", target->device.clock_mhz);
    printf("%-14s %8s %8s %9s  %-5s  %s\n", target->name, ram, flash, clock,
           dtype_name(target), target->summary);
}

static void write_row(const nas_target *target, nas_json *json)
{
    nas_json_object_begin(json);
    nas_json_key_string(json, "name", target->name);
    nas_json_key_string(json, "summary", target->summary);
    nas_json_key_int(json, "ram_bytes", target->ram_bytes);
    nas_json_key_int(json, "flash_bytes", target->flash_bytes);
    nas_json_key_string(json, "dtype", dtype_name(target));
    nas_json_key_real(json, "clock_mhz", target->device.clock_mhz);
    nas_json_key_real(json, "power_mw", target->device.milliwatts);
    nas_json_object_end(json);
}

static nas_status load(int index, nas_target *out, nas_err *err)
{
    char name[32];
    nas_target_name(index, name, sizeof name);
    return nas_target_load(name, out, err);
}

static nas_status print_table(nas_err *err)
{
    nas_target target;
    printf("%-14s %8s %8s %9s  %-5s\n", "target", "RAM", "flash", "clock", "dtype");
    for (int i = 0; i < nas_target_count(); i++) {
        NAS_TRY(load(i, &target, err));
        print_row(&target);
    }
    return NAS_OK;
}

static nas_status print_json(nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_status status = NAS_OK;
    nas_json_object_begin(&json);
    nas_json_key_int(&json, "schema", 1);
    nas_json_key(&json, "targets");
    nas_json_array_begin(&json);
    for (int i = 0; i < nas_target_count() && status == NAS_OK; i++) {
        nas_target target;
        status = load(i, &target, err);
        if (status == NAS_OK)
            write_row(&target, &json);
    }
    nas_json_array_end(&json);
    nas_json_object_end(&json);
    if (status == NAS_OK)
        status = nas_text_status(&text, err);
    if (status == NAS_OK)
        printf("%s\n", nas_text_string(&text));
    nas_text_free(&text);
    return status;
}

/* The file of one of them, to copy and change; a file of the user's is checked. */
static nas_status print_file(const char *what, nas_err *err)
{
    nas_target target;
    char name[32];
    NAS_TRY(nas_target_load(what, &target, err));
    for (int i = 0; i < nas_target_count(); i++) {
        nas_target_name(i, name, sizeof name);
        if (strcmp(name, what) == 0) {
            printf("%s", nas_target_text(i));
            return NAS_OK;
        }
    }
    print_row(&target);
    return NAS_OK;
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    if (cli->n_args == 1)
        return print_file(cli->args[0], err);
    return nas_cli_bool(cli, "json") ? print_json(err) : print_table(err);
}

const nas_command nas_cmd_targets = {
    .name = "targets",
    .summary = "list the devices that --target knows",
    .arguments = "[TARGET|FILE]",
    .details = "With a name, prints its file: copy and change it for your board, then "
               "--target FILE\n(docs/targets.md).",
    .examples = "  nasmith targets cortex-m4 > board.yaml\n"
                "  nasmith search DATA --target board.yaml",
    .max_args = 1,
    .params = NO_PARAMS,
    .run = run,
};
