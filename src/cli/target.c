/* --target and the limits it sets. */
#include "cli.h"

#include <string.h>

nas_status nas_cli_target(const nas_cli *cli, nas_target *out, nas_err *err)
{
    const char *what = nas_cli_string(cli, "target");
    *out = (nas_target){0};
    return what != NULL ? nas_target_load(what, out, err) : NAS_OK;
}

nas_dtype nas_cli_dtype(const nas_cli *cli, const nas_target *target)
{
    if (target->name[0] != '\0' && !nas_cli_given(cli, "dtype"))
        return target->dtype;
    return nas_cli_int(cli, "dtype") == 1 ? NAS_INT8 : NAS_FLOAT32;
}

nas_limits nas_cli_limits(const nas_cli *cli, const nas_target *target)
{
    bool ram = nas_cli_given(cli, "max_ram"), flash = nas_cli_given(cli, "max_flash");
    return (nas_limits){
        .params = nas_cli_int(cli, "max_params"),
        .macs = nas_cli_int(cli, "max_macs"),
        .ram_bytes = ram ? nas_cli_int(cli, "max_ram") : target->ram_bytes,
        .flash_bytes = flash ? nas_cli_int(cli, "max_flash") : target->flash_bytes,
        .latency_ms = 1000 * nas_cli_real(cli, "max_latency"),
        .dtype = nas_cli_dtype(cli, target),
    };
}

nas_latency_table nas_cli_latency(const nas_target *target)
{
    return (nas_latency_table){.known = target->device.clock_mhz > 0.0,
                               .device = target->device};
}

static void put_limit(char *out, size_t size, const char *name, int64_t bytes)
{
    char text[32];
    nas_text_bytes(text, sizeof text, bytes);
    out[0] = '\0';
    if (bytes > 0)
        (void)snprintf(out, size, ", %s %s", name, text);
}

nas_status nas_cli_fit(const nas_cli *cli, const nas_target *target,
                       const nas_graph *graph, nas_err *err)
{
    if (target->name[0] == '\0')
        return NAS_OK;
    nas_cost cost;
    nas_latency_table latency = nas_cli_latency(target);
    nas_limits limits = {.ram_bytes = target->ram_bytes,
                         .flash_bytes = target->flash_bytes};
    char line[160], ram[40], flash[40];
    NAS_TRY(nas_cost_of(graph, nas_cli_dtype(cli, target), &latency, NULL, &cost, err));
    nas_cost_words words = nas_cost_in_words(&cost);
    put_limit(ram, sizeof ram, "of", limits.ram_bytes);
    put_limit(flash, sizeof flash, "of", limits.flash_bytes);
    printf("RAM %s%s (arena %lld B, stack %lld B); flash %s%s\n", words.ram, ram,
           (long long)cost.arena_bytes, (long long)(cost.ram_bytes - cost.arena_bytes),
           words.flash, flash);
    if (cost.latency_ms >= 0.0) {
        nas_device_text(&target->device, cost.latency_ms, line, sizeof line);
        printf("%s\n", line);
    }
    nas_limit_kind over = nas_cost_violates(&cost, &limits);
    if (over != NAS_LIMIT_NONE)
        nas_cli_warn(cli, "the network does not fit %s: too much %s", target->name,
                     nas_limit_name(over));
    return NAS_OK;
}
