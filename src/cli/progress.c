#include "progress.h"

#include "nasmith/clock.h"
#include "nasmith/json.h"
#include "nasmith/text.h"

#include <math.h>
#include <string.h>

#define REDRAW_S 0.1
#define PLAIN_S 30.0
#define BAR_CELLS 40
/* Data that is read sooner needs no progress; a guess of the rest needs some seconds. */
#define QUIET_S 0.5
#define REDRAW_DATA_S 0.25
#define LEFT_FROM_S 2.0

static const char *phase_word(nas_search_phase phase)
{
    static const char *const WORDS[] = {
        [NAS_PHASE_PREPARE] = "preparing",
        [NAS_PHASE_SEARCH] = "searching",
        [NAS_PHASE_REFIT] = "training finalists",
        [NAS_PHASE_FINISH] = "testing and exporting",
    };
    return WORDS[phase];
}

nas_progress_view nas_progress_new(const nas_cli *cli, nas_progress_mode mode)
{
    if (nas_cli_bool(cli, "quiet"))
        mode = NAS_PROGRESS_NONE;
    if (mode == NAS_PROGRESS_AUTO)
        mode = cli->tty_err ? NAS_PROGRESS_FULL : NAS_PROGRESS_PLAIN;
    return (nas_progress_view){.cli = cli, .mode = mode, .last_s = -1e9};
}

static void clear_region(nas_progress_view *view)
{
    if (view->lines > 0)
        fprintf(stderr, "\033[%dA\r\033[J", view->lines);
    view->lines = 0;
}

void nas_progress_end(nas_progress_view *view)
{
    if (view->mode == NAS_PROGRESS_FULL)
        clear_region(view);
    (void)fflush(stderr);
}

static void on_line(void *context, const char *text)
{
    nas_progress_view *view = context;
    if (view->mode == NAS_PROGRESS_NONE || view->mode == NAS_PROGRESS_JSON)
        return;
    if (view->mode == NAS_PROGRESS_FULL)
        clear_region(view);
    fprintf(stderr, "%s\n", text);
}

/* "#37  97.0 %   18.4 k params   4.1 M MACs" */
static void best_text(const nas_search_progress *p, char *out, size_t size)
{
    char score[32], params[32], macs[32], id[32];
    nas_cli_format_metric(p->metric->fraction, p->best_score, score, sizeof score);
    nas_text_count(params, sizeof params, (double)p->best_cost.params);
    nas_text_count(macs, sizeof macs, (double)p->best_cost.macs);
    (void)snprintf(id, sizeof id, "#%lld", (long long)p->best_trial);
    (void)snprintf(out, size, "%-5s %8s   %8s params   %8s MACs", id, score, params,
                   macs);
}

/* The bar and the share in percent. */
static void draw_cells(const nas_progress_view *view, double share)
{
    int cells = (int)(share * BAR_CELLS);
    fprintf(stderr, "  %s", nas_cli_style(view->cli->color_err, NAS_STYLE_GREEN));
    for (int i = 0; i < BAR_CELLS; i++)
        fputs(i < cells ? "━" : i == cells ? "╸" : " ", stderr);
    fprintf(stderr, "%s %3.0f %%   ",
            nas_cli_style(view->cli->color_err, NAS_STYLE_RESET), 100 * share);
}

static void draw_bar(const nas_progress_view *view, const nas_search_progress *p)
{
    char elapsed[32], total[32];
    nas_text_duration(elapsed, sizeof elapsed, p->elapsed_s);
    if (p->total_s <= 0) {
        fprintf(stderr, "  %s   %s\n", phase_word(p->phase), elapsed);
        return;
    }
    nas_text_duration(total, sizeof total, p->total_s);
    draw_cells(view, fmin(1, p->elapsed_s / p->total_s));
    fprintf(stderr, "%s of %s   %s\n", elapsed, total, phase_word(p->phase));
}

static void draw_running(const nas_search_progress *p)
{
    fprintf(stderr, "  running ");
    if (p->supernet_epoch > 0)
        fprintf(stderr, " supernet, epoch %.1f     ", p->supernet_epoch);
    for (int i = 0; i < p->n_running && i < 4; i++) {
        const nas_evaluation_row *e = &p->running[i];
        char value[32] = "";
        if (!isnan(e->last_value) && e->epochs_done > 0)
            nas_cli_format_metric(p->metric->fraction, e->last_value, value,
                                  sizeof value);
        fprintf(stderr, "%s#%lld  %s%lld/%lld %s", i > 0 ? "     " : " ",
                (long long)e->trial,
                e->spec.purpose == NAS_PURPOSE_REFIT ? "final " : "epoch ",
                (long long)e->epochs_done, (long long)e->spec.epochs, value);
    }
    fputc('\n', stderr);
}

static void draw_region(nas_progress_view *view, const nas_search_progress *p)
{
    const nas_study_counts *c = &p->counts;
    clear_region(view);
    fputc('\n', stderr);
    draw_bar(view, p);
    double minutes = p->elapsed_s / 60;
    fprintf(
        stderr,
        "  trials   %lld scored · %lld full · %lld failed · %lld running   %.0f/min\n",
        (long long)c->scored, (long long)c->full, (long long)c->failed,
        (long long)c->running, minutes > 0 ? (double)c->done / minutes : 0);
    view->lines = 3;
    if (p->best_trial > 0) {
        char best[192];
        best_text(p, best, sizeof best);
        fprintf(stderr, "  best     %s   front: %d network%s\n", best, p->front_size,
                p->front_size == 1 ? "" : "s");
        view->lines++;
    }
    draw_running(p);
    view->lines++;
    (void)fflush(stderr);
}

static void announce_best(nas_progress_view *view, const nas_search_progress *p)
{
    char best[192];
    best_text(p, best, sizeof best);
    if (view->mode == NAS_PROGRESS_FULL)
        clear_region(view);
    fprintf(stderr, "  %s   new best\n", best);
}

static void plain_line(const nas_search_progress *p)
{
    char elapsed[32], best[192] = "", supernet[48] = "";
    nas_text_duration(elapsed, sizeof elapsed, p->elapsed_s);
    if (p->best_trial > 0)
        best_text(p, best, sizeof best);
    if (p->supernet_epoch > 0)
        (void)snprintf(supernet, sizeof supernet, "supernet at epoch %.1f, ",
                       p->supernet_epoch);
    fprintf(stderr, "  %s  %s: %s%lld scored, %lld running; best %s\n", elapsed,
            phase_word(p->phase), supernet, (long long)p->counts.scored,
            (long long)p->counts.running, best[0] != '\0' ? best : "none yet");
}

static void json_line(const nas_search_progress *p)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_json_key_string(&json, "event", p->best_changed ? "best_changed" : "progress");
    nas_json_key_string(&json, "phase", phase_word(p->phase));
    nas_json_key_real(&json, "elapsed_s", p->elapsed_s);
    if (p->supernet_epoch > 0)
        nas_json_key_real(&json, "supernet_epoch", p->supernet_epoch);
    nas_json_key_int(&json, "scored", p->counts.scored);
    nas_json_key_int(&json, "running", p->counts.running);
    nas_json_key_int(&json, "failed", p->counts.failed);
    nas_json_key_int(&json, "best_trial", p->best_trial);
    nas_json_key_real(&json, "best", p->best_trial > 0 ? p->best_score : (double)NAN);
    nas_json_object_end(&json);
    fprintf(stderr, "%s\n", nas_text_string(&text));
    nas_text_free(&text);
}

static void on_progress(void *context, const nas_search_progress *p)
{
    nas_progress_view *view = context;
    double now = nas_clock_monotonic_s();
    bool phase_changed = p->phase != view->phase;
    view->phase = p->phase;
    switch (view->mode) {
    case NAS_PROGRESS_FULL:
        if (p->best_changed)
            announce_best(view, p);
        if (p->best_changed || now - view->last_s >= REDRAW_S) {
            draw_region(view, p);
            view->last_s = now;
        }
        break;
    case NAS_PROGRESS_PLAIN:
        if (p->best_changed)
            announce_best(view, p);
        if (phase_changed || now - view->last_s >= PLAIN_S) {
            plain_line(p);
            view->last_s = now;
        }
        break;
    case NAS_PROGRESS_JSON:
        if (p->best_changed || phase_changed || now - view->last_s >= 1) {
            json_line(p);
            view->last_s = now;
        }
        break;
    default:
        break;
    }
}

nas_search_sink nas_progress_sink(nas_progress_view *view)
{
    return (nas_search_sink){.line = on_line, .progress = on_progress, .context = view};
}

/* ---- data ------------------------------------------------------------------------- */

static const char *step_word(nas_data_step step)
{
    static const char *const WORDS[] = {
        [NAS_DATA_COMPARE] = "taking the fingerprint",
        [NAS_DATA_SURVEY] = "looking at the data",
        [NAS_DATA_COLUMNS] = "counting categories",
        [NAS_DATA_TAKE_OVER] = "reading rows",
    };
    return WORDS[step];
}

/* "1.2 GiB of 4.7 GiB", "10,000 of 200,000" */
static void amount_text(const nas_data_progress *p, char *out, size_t size)
{
    char done[32], total[32];
    if (p->bytes) {
        nas_text_bytes(done, sizeof done, p->done);
        nas_text_bytes(total, sizeof total, p->total);
    } else {
        nas_text_integer(done, sizeof done, p->done);
        nas_text_integer(total, sizeof total, p->total);
    }
    (void)snprintf(out, size, "%s of %s", done, total);
}

static void draw_data(nas_progress_view *view, const nas_data_progress *p, double now)
{
    char amount[80], left[32];
    const double share = (double)p->done / (double)p->total;
    const double spent = now - view->step_s;
    amount_text(p, amount, sizeof amount);
    clear_region(view);
    draw_cells(view, fmin(1, share));
    fprintf(stderr, "%s   %s", amount, step_word(p->step));
    if (spent > LEFT_FROM_S && share > 0) {
        nas_text_duration(left, sizeof left, spent * fmax(0, 1 - share) / share);
        fprintf(stderr, ", %s left", left);
    }
    fputc('\n', stderr);
    view->lines = 1;
    (void)fflush(stderr);
}

static void json_data(const nas_data_progress *p)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_json_key_string(&json, "event", "data");
    nas_json_key_string(&json, "step", step_word(p->step));
    nas_json_key_int(&json, p->bytes ? "bytes" : "rows", p->done);
    nas_json_key_int(&json, "total", p->total);
    nas_json_object_end(&json);
    fprintf(stderr, "%s\n", nas_text_string(&text));
    nas_text_free(&text);
}

static bool on_data(void *context, const nas_data_progress *p)
{
    nas_progress_view *view = context;
    const double now = nas_clock_monotonic_s();
    const bool full = view->mode == NAS_PROGRESS_FULL;
    if (nas_cli_interrupted != 0)
        return false;
    if (view->data_s == 0)
        view->data_s = now;
    if (view->step_s == 0 || p->step != view->data_step || p->done == 0) {
        view->data_step = p->step;
        view->step_s = now;
    }
    if ((!full && view->mode != NAS_PROGRESS_JSON) || p->total <= 0 ||
        now - view->data_s < QUIET_S || now - view->last_s < (full ? REDRAW_DATA_S : 1))
        return true;
    view->last_s = now;
    if (full)
        draw_data(view, p, now);
    else
        json_data(p);
    return true;
}

void nas_progress_watch_data(nas_progress_view *view, nas_data_options *options)
{
    options->progress = on_data;
    options->progress_context = view;
}

void nas_progress_note_stop(nas_cli *cli, nas_status status, nas_err *err)
{
    if (status != NAS_E_INTERRUPTED)
        return;
    cli->exit_code = 128 + (int)nas_cli_signal;
    nas_err_hint(err, "nothing half-finished was kept; the same command starts again");
}
