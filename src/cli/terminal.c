/* Messages to stderr, and signals. */
#include "cli.h"

#include <stdarg.h>

volatile sig_atomic_t nas_cli_interrupted;
volatile sig_atomic_t nas_cli_signal;

static void on_signal(int number)
{
    if (nas_cli_interrupted < 2)
        nas_cli_interrupted = nas_cli_interrupted + 1;
    nas_cli_signal = number;
}

void nas_cli_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

const char *nas_cli_style(bool color, nas_style style)
{
    static const char *const SEQUENCES[] = {
        [NAS_STYLE_BOLD] = "\033[1m",    [NAS_STYLE_DIM] = "\033[2m",
        [NAS_STYLE_RED] = "\033[1;31m",  [NAS_STYLE_GREEN] = "\033[32m",
        [NAS_STYLE_YELLOW] = "\033[33m", [NAS_STYLE_RESET] = "\033[0m",
    };
    return color ? SEQUENCES[style] : "";
}

void nas_cli_print_error(const nas_cli *cli, const nas_err *err)
{
    const char *red = nas_cli_style(cli->color_err, NAS_STYLE_RED);
    const char *green = nas_cli_style(cli->color_err, NAS_STYLE_GREEN);
    const char *reset = nas_cli_style(cli->color_err, NAS_STYLE_RESET);
    fprintf(stderr, "%serror:%s %s\n%s", red, reset, err->text, err->source);
    if (err->hint[0] != '\0')
        fprintf(stderr, "%shelp:%s %s\n", green, reset, err->hint);
}

static bool is_quiet(const nas_cli *cli)
{
    return cli->values != NULL && nas_cli_bool(cli, "quiet");
}

void nas_cli_warn(const nas_cli *cli, const char *fmt, ...)
{
    if (is_quiet(cli))
        return;
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "%swarning:%s ", nas_cli_style(cli->color_err, NAS_STYLE_YELLOW),
            nas_cli_style(cli->color_err, NAS_STYLE_RESET));
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}

void nas_cli_note(const nas_cli *cli, const char *fmt, ...)
{
    if (is_quiet(cli))
        return;
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}
