/* --help, from the same tables that parse. */
#include "cli.h"

#include "nasmith/version.h"

#include <string.h>

#define HELP_COLUMN 30

static const char *value_word(nas_param_type type)
{
    switch (type) {
    case NAS_PARAM_BOOL:
        return "";
    case NAS_PARAM_INT:
        return " N";
    case NAS_PARAM_COUNT:
        return " COUNT";
    case NAS_PARAM_BYTES:
        return " BYTES";
    case NAS_PARAM_REAL:
        return " X";
    case NAS_PARAM_SECONDS:
        return " TIME";
    case NAS_PARAM_CHOICE:
        return " WORD";
    case NAS_PARAM_STRING:
        return " TEXT";
    }
    return "";
}

/* "--max-ram BYTES", "--[no-]report". @return its length */
static int print_flag(const nas_param *param, FILE *out)
{
    bool negatable = param->type == NAS_PARAM_BOOL && param->default_text != NULL &&
                     strcmp(param->default_text, "true") == 0;
    int length = fprintf(out, "  --%s", negatable ? "no-" : "");
    for (const char *c = param->name; *c != '\0'; c++, length++)
        fputc(*c == '_' ? '-' : *c, out);
    return length + fprintf(out, "%s", value_word(param->type));
}

static void print_param(const nas_param *param, FILE *out)
{
    int length = print_flag(param, out);
    if (length >= HELP_COLUMN - 1)
        fprintf(out, "\n%*s", HELP_COLUMN, "");
    else
        fprintf(out, "%*s", HELP_COLUMN - length, "");
    fprintf(out, "%s", param->doc);
    if (param->choices != NULL) {
        fprintf(out, ": %s", param->choices[0]);
        for (int i = 1; param->choices[i] != NULL; i++)
            fprintf(out, ", %s", param->choices[i]);
    }
    if (param->default_text != NULL && param->type != NAS_PARAM_BOOL)
        fprintf(out, " [%s]", param->default_text);
    fputc('\n', out);
}

static void print_table(const char *title, const nas_param *table, FILE *out)
{
    if (table == NULL || table[0].name == NULL)
        return;
    fprintf(out, "\n%s\n", title);
    for (int i = 0; table[i].name != NULL; i++)
        print_param(&table[i], out);
}

void nas_cli_print_help(const nas_command *command, FILE *out)
{
    fprintf(out, "%s\n\nUsage: nasmith %s %s%s[options]\n", command->summary,
            command->name, command->arguments, command->arguments[0] != '\0' ? " " : "");
    if (command->details != NULL)
        fprintf(out, "\n%s\n", command->details);
    print_table("Options", command->params, out);
    print_table(command->more_title, command->more, out);
    print_table("Common options", nas_cli_common_params, out);
    fprintf(out, "  --help\n\nEvery option can also be set in the environment "
                 "(NASMITH_MAX_RAM=64KiB)\nor in search.yaml (max_ram: 64KiB). Short: -j "
                 "workers, -o output, -q quiet, -v verbose, -n dry-run.\n");
    if (command->examples != NULL)
        fprintf(out, "\nExamples\n%s\n", command->examples);
}

void nas_cli_print_overview(FILE *out)
{
    fprintf(out,
            "nasmith %s finds neural networks that fit your data and your device.\n\n"
            "Usage: nasmith VERB [arguments] [options]\n\n",
            NASMITH_VERSION);
    const nas_command *const *commands = nas_cli_commands();
    for (int i = 0; commands[i] != NULL; i++) {
        if (commands[i]->hidden)
            continue;
        int length =
            fprintf(out, "  nasmith %s %s", commands[i]->name, commands[i]->arguments);
        int gap = length < 38 ? 38 - length : 1;
        fprintf(out, "%*s%s\n", gap, "", commands[i]->summary);
    }
    fprintf(out, "\nStart with: nasmith search DATA --time 3m --max-ram 64KiB\n"
                 "            nasmith VERB --help\n");
}
