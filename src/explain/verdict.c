/* The verdict: sentences for people, each backed by a number of the report. */
#include "nasmith/explain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MOST_SENTENCES = 32 };
/* A corruption that costs this much of the metric (points of a fraction, a tenth of an
 * error) is worth a sentence. */
static const double NOTABLE = 0.1;
/* Mean gap between confidence and accuracy that a person would call off. */
static const double BAD_CALIBRATION = 0.05;

typedef struct writer {
    const nas_explanation *e;
    const nas_finalist *best;
    nas_explain_sentence *sentence;
    const char *topic; /* of what is said next */
    int n;
    bool failed; /* memory is out */
} writer;

NAS_PRINTF(4, 5)
static void say(writer *w, nas_explain_mood mood, const char *section, const char *fmt,
                ...)
{
    char text[600];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (w->n == MOST_SENTENCES)
        return;
    const char *copy = nas_arena_strdup(w->e->arena, text);
    w->failed = w->failed || copy == NULL;
    w->sentence[w->n++] = (nas_explain_sentence){copy, w->topic, section, mood};
}

/* ---- numbers as words ---------------------------------------------------- */

typedef struct words {
    char text[48];
} words;

static words metric_words(const writer *w, double value)
{
    words out;
    bool fraction = w->e->metric->fraction;
    if (fraction)
        (void)snprintf(out.text, sizeof out.text, "%.1f %%", 100 * value);
    else
        nas_text_number(out.text, sizeof out.text, value, 4);
    return out;
}

/* A difference: "1.3 points" or "0.213" */
static words gap_words(const writer *w, double gap)
{
    words out;
    bool fraction = w->e->metric->fraction;
    if (fraction)
        (void)snprintf(out.text, sizeof out.text, "%.1f points", 100 * fabs(gap));
    else
        nas_text_number(out.text, sizeof out.text, fabs(gap), 3);
    return out;
}

static words count_words(int64_t n)
{
    words out;
    nas_text_integer(out.text, sizeof out.text, n);
    return out;
}

static double gain(const writer *w, double from, double to)
{
    return w->e->metric->larger_is_better ? to - from : from - to;
}

static double real(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* ---- score ----------------------------------------------------------------- */

static void say_score(writer *w)
{
    const nas_score *t = &w->best->test;
    const char *name = w->e->metric->name;
    if (isnan(t->value)) {
        say(w, NAS_MOOD_WARNING, "delivered",
            "There were no test rows: the validation score, %s, is that of the network "
            "that was chosen for it, and therefore too good.",
            metric_words(w, w->best->validation.value).text);
        return;
    }
    words value = metric_words(w, t->value);
    words low = metric_words(w, t->low), high = metric_words(w, t->high);
    if (strcmp(name, "accuracy") == 0)
        say(w, NAS_MOOD_PLAIN, "delivered",
            "The chosen network (#%lld) answers %s of %s test rows right that no part "
            "of the search had seen. With so many rows, the true share likely lies "
            "between %s and %s (95 %% interval).",
            (long long)w->best->trial, value.text, count_words(t->n).text, low.text,
            high.text);
    else
        say(w, NAS_MOOD_PLAIN, "delivered",
            "The chosen network (#%lld) has %s %s on %s test rows that no part of the "
            "search had seen; 95 %% interval %s to %s.",
            (long long)w->best->trial, name, value.text, count_words(t->n).text, low.text,
            high.text);
    if (w->best->opening > 1)
        say(w, NAS_MOOD_WARNING, "delivered",
            "The test rows were opened %d times in this study: a score that was looked "
            "at before deciding to go on is a little too good.",
            w->best->opening);
}

static bool validation_too_good(const writer *w)
{
    const nas_score *t = &w->best->test;
    double v = w->best->validation.value;
    return w->e->metric->larger_is_better ? v > t->high : v < t->low;
}

static void say_gap(writer *w)
{
    const nas_score *t = &w->best->test;
    double v = w->best->validation.value;
    int64_t repeated =
        json_integer_value(json_object_get(w->e->network, "repeated_rows"));
    int64_t rows = json_integer_value(json_object_get(w->e->network, "rows"));
    if (repeated > 0)
        say(w, NAS_MOOD_WARNING, "generalise",
            "%s of %s validation rows have exactly the inputs of a training row. If "
            "these "
            "are copies, validation scores are too good.",
            count_words(repeated).text, count_words(rows).text);
    if (isnan(t->value) || isnan(v))
        return;
    if (validation_too_good(w))
        say(w, NAS_MOOD_WARNING, "generalise",
            "On validation rows the search saw %s, %s better than on test rows and "
            "outside the test's interval: believe the test, and look for rows that are "
            "related across the parts.",
            metric_words(w, v).text, gap_words(w, v - t->value).text);
    else
        say(w, NAS_MOOD_GOOD, "generalise",
            "Validation (%s) and test agree within the test's interval: no sign that the "
            "search fitted its validation rows.",
            metric_words(w, v).text);
}

/* ---- seeds ----------------------------------------------------------------- */

/* One seed is luck: say how much of it. */
static void say_seeds(writer *w)
{
    nas_explain_spread s = nas_explain_spread_of(w->e);
    if (s.n < 2)
        return;
    words low = metric_words(w, s.low), high = metric_words(w, s.high);
    words spread = gap_words(w, s.deviation);
    if (w->e->metric->fraction && s.deviation < 0.0005)
        (void)snprintf(spread.text, sizeof spread.text, "below 0.1 points");
    bool lucky = s.as_searched && s.n > 2 &&
                 gain(w, s.mean, s.searched) > 2 * s.deviation && s.deviation > 0;
    if (lucky)
        say(w, NAS_MOOD_WARNING, "generalise",
            "Trained again with %d other seeds it scored %s to %s on validation rows, "
            "%s below the %s it was chosen for on average: its seed was a lucky one.",
            s.n, low.text, high.text, gap_words(w, s.searched - s.mean).text,
            metric_words(w, s.searched).text);
    else
        say(w, NAS_MOOD_PLAIN, "generalise",
            "Trained %d times with other seeds%s it scored %s to %s on validation rows "
            "(standard deviation %s): differences smaller than that are luck.",
            s.n, s.as_searched ? "" : ", shorter than in the search,", low.text,
            high.text, spread.text);
}

/* ---- baselines ------------------------------------------------------------- */

static const nas_baseline_result *baseline(const writer *w, const char *name)
{
    const nas_search_result *r = w->e->result;
    for (int i = 0; i < r->n_baselines; i++)
        if (strcmp(r->baselines[i].name, name) == 0)
            return &r->baselines[i];
    return NULL;
}

/* Whether the chosen network's test interval lies above the other's score. */
static bool clearly_better(const writer *w, double other)
{
    const nas_score *t = &w->best->test;
    return w->e->metric->larger_is_better ? t->low > other : t->high < other;
}

static void say_baseline(writer *w, const char *name, const char *what)
{
    const nas_baseline_result *b = baseline(w, name);
    if (b == NULL || isnan(b->test.value) || isnan(w->best->test.value))
        return;
    words value = metric_words(w, b->test.value);
    double better = gain(w, b->test.value, w->best->test.value);
    if (clearly_better(w, b->test.value))
        say(w, NAS_MOOD_GOOD, "baselines", "%s: %s on the same rows, %s worse.", what,
            value.text, gap_words(w, better).text);
    else
        say(w, NAS_MOOD_WARNING, "baselines",
            "%s: %s on the same rows, %s %s. That is within the interval: the simpler "
            "thing may do.",
            what, value.text, gap_words(w, better).text, better < 0 ? "better" : "worse");
}

static void say_random(writer *w)
{
    double estimate = w->e->result->random_estimate;
    const nas_score *best = &w->best->validation;
    if (isnan(estimate) || isnan(best->value))
        return;
    double better = gain(w, estimate, best->value);
    double half = isnan(best->low) ? 0 : (best->high - best->low) / 2;
    say(w,
        better > half    ? NAS_MOOD_GOOD
        : better > -half ? NAS_MOOD_PLAIN
                         : NAS_MOOD_WARNING,
        "baselines",
        "Random search with as many networks would be expected to reach about %s on "
        "validation, estimated from the uniform proposals; this search reached %s, %s "
        "%s%s.",
        metric_words(w, estimate).text, metric_words(w, best->value).text,
        gap_words(w, better).text, better > 0 ? "better" : "worse",
        fabs(better) <= half ? ", which is within the interval" : "");
}

/* ---- size ------------------------------------------------------------------ */

static void say_limits(writer *w)
{
    const nas_study_settings *s = nas_study_settings_of(w->e->study);
    for (nas_limit_kind k = NAS_LIMIT_PARAMS; k <= NAS_LIMIT_LATENCY; k++) {
        double bound = nas_limit_bound(&s->limits, k);
        double used = nas_limit_cost(&w->best->cost, k);
        char have[32], limit[32];
        if (bound <= 0)
            continue;
        nas_cost_text(k, used, have, sizeof have);
        nas_cost_text(k, bound, limit, sizeof limit);
        say(w, used <= bound ? NAS_MOOD_GOOD : NAS_MOOD_WARNING, "verdict",
            "Its %s: %s, %.0f %% of what is allowed (%s).", nas_limit_title(k), have,
            100 * used / bound, limit);
    }
}

static void say_size(writer *w)
{
    nas_cost_words cost = nas_cost_in_words(&w->best->cost);
    char time[64] = "";
    char latency[16];
    if (w->best->measured_latency_ms >= 0) {
        nas_text_ms(latency, sizeof latency, w->best->measured_latency_ms);
        (void)snprintf(time, sizeof time, ", and takes %s on this machine", latency);
    }
    say(w, NAS_MOOD_PLAIN, "network",
        "It has %s parameters, does %s MACs for an answer, needs %s of RAM and %s of "
        "flash%s.",
        cost.params, cost.macs, cost.ram, cost.flash, time);
}

/* ---- answers --------------------------------------------------------------- */

static const json_t *answers(const writer *w)
{
    const json_t *test = json_object_get(w->e->network, "test");
    return test != NULL ? test : json_object_get(w->e->network, "validation");
}

static void say_calibration(writer *w)
{
    const json_t *c = json_object_get(answers(w), "calibration");
    double ece = real(c, "ece");
    if (isnan(ece))
        return;
    bool bad = ece > BAD_CALIBRATION;
    double scaled = real(c, "ece_scaled");
    if (bad && scaled < 0.8 * ece)
        say(w, NAS_MOOD_WARNING, "answers",
            "Its probabilities are off by %.1f points on average; nasmith export %lld "
            "--temperature %.2f would bring that to %.1f and change no answer.",
            100 * ece, (long long)w->best->trial, real(c, "temperature"), 100 * scaled);
    else
        say(w, bad ? NAS_MOOD_WARNING : NAS_MOOD_GOOD, "answers",
            "Its probabilities are off by %.1f points on average%s.", 100 * ece,
            bad ? ": do not take them at their word" : "; they can be used as they are");
}

static void say_confusion(writer *w)
{
    const json_t *confusion = json_object_get(answers(w), "confusion");
    const json_t *labels = json_object_get(w->e->network, "labels");
    size_t classes = json_array_size(confusion), truth = 0, answer = 0;
    int64_t most = 0, all = 0;
    for (size_t i = 0; i < classes; i++)
        for (size_t k = 0; k < classes; k++) {
            int64_t n =
                json_integer_value(json_array_get(json_array_get(confusion, i), k));
            if (i == k || n <= most)
                continue;
            most = n;
            truth = i;
            answer = k;
        }
    for (size_t k = 0; k < classes; k++)
        all += json_integer_value(json_array_get(json_array_get(confusion, truth), k));
    if (most < 2)
        return;
    say(w, NAS_MOOD_PLAIN, "answers",
        "Its most frequent mistake: %s of %s `%s` are taken for `%s`.",
        count_words(most).text, count_words(all).text,
        json_string_value(json_array_get(labels, truth)),
        json_string_value(json_array_get(labels, answer)));
}

/* ---- groups ---------------------------------------------------------------- */

/* The group it serves worst, when that is clearly worse than the whole. */
static void say_groups(writer *w)
{
    const json_t *list = json_object_get(w->e->network, "groups");
    const json_t *worst = NULL;
    double all = w->best->validation.value;
    bool larger = w->e->metric->larger_is_better;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *group = json_array_get(list, i);
        double loss = -gain(w, all, real(group, "value"));
        if (worst == NULL || loss > -gain(w, all, real(worst, "value")))
            worst = group;
    }
    if (json_array_size(list) < 2 || isnan(all))
        return;
    double edge = real(worst, larger ? "high" : "low");
    if (larger ? edge < all : edge > all)
        say(w, NAS_MOOD_WARNING, "generalise",
            "Of %zu groups it serves group %lld worst: %s, against %s on all validation "
            "rows.",
            json_array_size(list),
            (long long)json_integer_value(json_object_get(worst, "group")),
            metric_words(w, real(worst, "value")).text, metric_words(w, all).text);
}

/* ---- robustness ------------------------------------------------------------ */

/* What a level costs against the untouched inputs, in the metric. */
static double loss_at(const writer *w, const json_t *levels, size_t i)
{
    double clean = real(json_array_get(levels, 0), "value");
    return -gain(w, clean, real(json_array_get(levels, i), "value"));
}

/* The first level that costs a lot; 0 = none does. */
static size_t notable_level(const writer *w, const json_t *levels)
{
    double clean = real(json_array_get(levels, 0), "value");
    double bound = w->e->metric->fraction ? NOTABLE : NOTABLE * fabs(clean);
    for (size_t i = 1; i < json_array_size(levels); i++)
        if (loss_at(w, levels, i) > bound)
            return i;
    return 0;
}

/* "noise, 0.4 deviations: 15.2 points; blur, 1 pixels: 68.8 points" */
static size_t list_losses(const writer *w, const json_t *kinds, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(kinds) && n < size; i++) {
        const json_t *kind = json_array_get(kinds, i);
        const json_t *levels = json_object_get(kind, "levels");
        size_t l = notable_level(w, levels);
        if (l > 0)
            n += (size_t)snprintf(out + n, size - n, "%s%s, %.3g %s: %s",
                                  n > 0 ? "; " : "",
                                  json_string_value(json_object_get(kind, "name")),
                                  real(json_array_get(levels, l), "level"),
                                  json_string_value(json_object_get(kind, "unit")),
                                  gap_words(w, loss_at(w, levels, l)).text);
    }
    return n;
}

static void say_corruptions(writer *w)
{
    const json_t *kinds = json_object_get(w->e->network, "corruptions");
    char losses[400];
    if (json_array_size(kinds) == 0)
        return;
    if (list_losses(w, kinds, losses, sizeof losses) > 0)
        say(w, NAS_MOOD_WARNING, "generalise",
            "Worse inputs cost it much (%s). Collect or augment such data if your inputs "
            "vary like that.",
            losses);
    else
        say(w, NAS_MOOD_GOOD, "generalise",
            "None of %zu kinds of worse inputs that were tried costs it more than %.0f "
            "%s.",
            json_array_size(kinds), 100 * NOTABLE,
            w->e->metric->fraction ? "points" : "% of its error");
}

/* ---- what mattered ----------------------------------------------------------- */

static void say_mattered(writer *w)
{
    const nas_explain_mattered *m = &w->e->mattered;
    const nas_explain_table *t = &w->e->table;
    if (m->n_decisions == 0)
        return;
    if (m->r2 < 0.1) {
        say(w, NAS_MOOD_PLAIN, "mattered",
            "The decisions of the space explain little of why networks differ (R² %.2f "
            "over %lld networks): do not read much into their ranking.",
            m->r2, (long long)t->n);
        return;
    }
    const nas_explain_decision *d = &m->decision[0];
    say(w, NAS_MOOD_PLAIN, "mattered",
        "Of what makes networks differ, `%s` explains most: %.0f %% (± %.0f).",
        t->column[d->column].name, 100 * d->share, 100 * d->deviation);
    if (m->n_rules == 0)
        return;
    const nas_explain_rule *r = &m->rule[0]; /* the first that helps, or else the first */
    for (int i = m->n_rules - 1; i >= 0; i--)
        r = gain(w, 0, m->rule[i].effect) > 0 ? &m->rule[i] : r;
    bool good = gain(w, 0, r->effect) > 0;
    say(w, NAS_MOOD_PLAIN, "mattered",
        "Networks with %s are %s %s on average (%s to %s; %lld networks).", r->text,
        gap_words(w, r->effect).text, good ? "better" : "worse",
        gap_words(w, fabs(r->low) < fabs(r->high) ? r->low : r->high).text,
        gap_words(w, fabs(r->low) < fabs(r->high) ? r->high : r->low).text,
        (long long)r->support);
}

/* ---- its parts ----------------------------------------------------------- */

static void say_parts(writer *w)
{
    const json_t *parts = json_object_get(w->e->ablation, "parts");
    const json_t *most = NULL;
    size_t n = json_array_size(parts), unclear = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *part = json_array_get(parts, i);
        unclear += real(part, "low") <= 0;
        if (most == NULL || real(part, "loss") > real(most, "loss"))
            most = part;
    }
    if (most == NULL)
        return;
    if (real(most, "low") > 0)
        say(w, NAS_MOOD_PLAIN, "near",
            "Its most important part is `%s`: without it the network loses %s.",
            json_string_value(json_object_get(most, "what")),
            gap_words(w, real(most, "loss")).text);
    if (unclear > 0)
        say(w, NAS_MOOD_PLAIN, "near",
            "%zu of %zu parts that were taken out or halved showed no clear loss: a "
            "smaller network may do.",
            unclear, n);
}

/* ---- more data --------------------------------------------------------------- */

/* From the two last points of the learning curve, when they are half and all rows. */
static void say_learning(writer *w)
{
    const json_t *points = json_object_get(w->e->ablation, "learning");
    size_t n = json_array_size(points);
    if (n < 2)
        return;
    const json_t *last = json_array_get(points, n - 1);
    const json_t *before = json_array_get(points, n - 2);
    double step = gain(w, real(before, "value"), real(last, "value"));
    double half = (real(last, "high") - real(last, "low")) / 2;
    int64_t rows = json_integer_value(json_object_get(last, "rows"));
    int64_t all = json_integer_value(json_object_get(w->e->network, "train_rows"));
    words to = count_words(rows), of = count_words(all);
    words from = count_words(json_integer_value(json_object_get(before, "rows")));
    bool gained = step > half;
    words gap = gap_words(w, step);
    if (all > 0 && (double)rows < 0.9 * (double)all)
        say(w, NAS_MOOD_PLAIN, "generalise",
            "From %s to %s of %s training rows the score %s %s; there was no time "
            "to try all, so whether still more data would help is open.",
            from.text, to.text, of.text, gained ? "gained" : "changed by only", gap.text);
    else if (gained)
        say(w, NAS_MOOD_PLAIN, "generalise",
            "More data would help: from %s to %s training rows the score still "
            "gained %s.",
            from.text, to.text, gap.text);
    else
        say(w, NAS_MOOD_PLAIN, "generalise",
            "More data of the same kind would hardly help: from %s to %s training "
            "rows the score changed by %s, less than its interval.",
            from.text, to.text, gap.text);
}

/* ---- in short ---------------------------------------------------------------- */

static int count_violations(const writer *w, int *limits)
{
    const nas_study_settings *s = nas_study_settings_of(w->e->study);
    int violated = 0;
    *limits = 0;
    for (nas_limit_kind k = NAS_LIMIT_PARAMS; k <= NAS_LIMIT_LATENCY; k++) {
        double bound = nas_limit_bound(&s->limits, k);
        *limits += bound > 0;
        violated += bound > 0 && nas_limit_cost(&w->best->cost, k) > bound;
    }
    return violated;
}

/* @return simpler things with a test score that the network does not clearly beat */
static int count_equals(const writer *w, int *all)
{
    const nas_search_result *r = w->e->result;
    int equal = 0;
    *all = 0;
    for (int i = 0; i < r->n_baselines && !isnan(w->best->test.value); i++) {
        double other = r->baselines[i].test.value;
        *all += !isnan(other);
        equal += !isnan(other) && !clearly_better(w, other);
    }
    return equal;
}

/* The first sentence, from what all others found. */
static void say_summary(writer *w)
{
    int limits = 0, simpler = 0, warnings = 0, n = w->n;
    int violated = count_violations(w, &limits), equal = count_equals(w, &simpler);
    char fit[64] = "", better[96] = "", open[64] = "nothing below asks for attention";
    for (int i = 1; i < n; i++)
        warnings += w->sentence[i].mood == NAS_MOOD_WARNING;
    if (limits > 0)
        (void)snprintf(fit, sizeof fit,
                       violated == 0 ? " meets every limit%s" : " breaks a limit%s",
                       simpler > 0 ? " and" : ";");
    if (simpler > 0 && equal == 0)
        (void)snprintf(better, sizeof better,
                       " is clearly better than the %d simpler things beside it;",
                       simpler);
    else if (simpler > 0)
        (void)snprintf(better, sizeof better,
                       " is not clearly better than %d of %d simpler things;", equal,
                       simpler);
    if (warnings > 0)
        (void)snprintf(open, sizeof open, "%d point%s below ask%s for attention",
                       warnings, warnings == 1 ? "" : "s", warnings == 1 ? "s" : "");
    w->n = 0;
    say(w,
        violated > 0    ? NAS_MOOD_WARNING
        : warnings == 0 ? NAS_MOOD_GOOD
                        : NAS_MOOD_PLAIN,
        "verdict", "Network #%lld%s%s %s.", (long long)w->best->trial, fit, better, open);
    w->n = n;
}

static void say_all(writer *w)
{
    w->n = 1; /* the first place is kept for the summary */
    w->topic = "How good it is";
    say_score(w);
    say_baseline(w, "majority", "Always answering the most frequent class");
    say_baseline(w, "mean", "Always answering the mean");
    say_baseline(w, "linear", "A linear model");
    say_baseline(w, "standard", "One fixed standard network");
    say_random(w);
    w->topic = "What it needs";
    say_limits(w);
    say_size(w);
    w->topic = "How far to trust it";
    say_gap(w);
    say_seeds(w);
    say_calibration(w);
    say_confusion(w);
    say_groups(w);
    say_corruptions(w);
    w->topic = "What would change it";
    say_learning(w);
    say_parts(w);
    w->topic = "In short";
    say_summary(w);
}

nas_status nas_explain_verdict(const nas_explanation *e, nas_explain_sentence **out,
                               int *n, nas_err *err)
{
    writer w = {.e = e,
                .sentence = NAS_NEW(e->arena, nas_explain_sentence, MOST_SENTENCES)};
    NAS_TRY_ALLOC(w.sentence, err);
    if (e->result->n_finalists > 0) {
        w.best = &e->result->finalists[0];
        say_all(&w);
    }
    w.topic = "What the search learned";
    say_mattered(&w);
    if (w.failed)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    *out = w.sentence;
    *n = w.n;
    return NAS_OK;
}
