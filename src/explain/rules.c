/* Short rules: sets of levels of one or two decisions whose networks score differently.
 *
 * Searching many rules and reporting the best would exaggerate all of them (the winner's
 * curse). So rules are found on one half of the networks and measured on the other; the
 * reported effect and interval come from the second half alone. Only as many rules as can
 * be shown are taken there, and their intervals hold for all of them together
 * (Bonferroni): in a study where nothing matters, one in twenty shows any rule. */
#include "explain/anova.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SINGLES = 24, KEPT = 40, SHOWN = 5, LEAST_SUPPORT = 5, LEAST_NETWORKS = 40 };
static const double Z = 2.575829303548901; /* 1 - 0.05 / (2 * SHOWN) of the normal */
static const double MOST_SHARED = 0.7;     /* of the networks of two rules */

/* Mean difference between networks a rule holds for and all others. */
typedef struct contrast {
    double effect, error; /* oriented; standard error after Welch */
    int64_t support;
} contrast;

typedef struct candidate {
    nas_explain_rule rule;
    double strength; /* |effect| / error on the first half */
} candidate;

static bool holds(const nas_explain_table *t, const nas_explain_rule *r, int64_t row)
{
    for (int i = 0; i < r->n_terms; i++) {
        int level = t->level[row * t->columns + r->column[i]];
        if ((r->levels[i] >> level & 1) == 0)
            return false;
    }
    return true;
}

/* @param half  rows with index % 2 equal to it; 2 = all */
static contrast measure(const nas_explain_table *t, const nas_explain_rule *r, int half)
{
    double sum[2] = {0}, squares[2] = {0};
    int64_t n[2] = {0};
    for (int64_t i = 0; i < t->n; i++) {
        if (half < 2 && i % 2 != half)
            continue;
        int in = holds(t, r, i) ? 1 : 0;
        n[in]++;
        sum[in] += t->score[i];
        squares[in] += t->score[i] * t->score[i];
    }
    contrast out = {.support = n[1], .error = (double)INFINITY};
    if (n[0] < LEAST_SUPPORT || n[1] < LEAST_SUPPORT)
        return out;
    double error = 0;
    for (int k = 0; k < 2; k++) {
        double mean = sum[k] / (double)n[k];
        double variance = fmax(0, squares[k] - sum[k] * mean) / (double)(n[k] - 1);
        error += variance / (double)n[k];
        out.effect += k == 1 ? mean : -mean;
    }
    out.error = sqrt(fmax(error, 1e-24));
    return out;
}

/* Keep the strongest, in order. */
static void insert(candidate *list, int *n, int most, const candidate *item)
{
    int at = *n < most ? (*n)++ : most;
    if (at == most && list[most - 1].strength >= item->strength)
        return;
    at = at == most ? most - 1 : at;
    for (; at > 0 && list[at - 1].strength < item->strength; at--)
        list[at] = list[at - 1];
    list[at] = *item;
}

static void consider(const nas_explain_table *t, const nas_explain_rule *rule,
                     candidate *list, int *n, int most)
{
    contrast c = measure(t, rule, 0);
    if (isinf(c.error))
        return;
    candidate item = {.rule = *rule, .strength = fabs(c.effect) / c.error};
    insert(list, n, most, &item);
}

/* "is" one level, or for ordered ones "at least" a level; "at most" is its complement. */
static void consider_column(const nas_explain_table *t, int column, candidate *list,
                            int *n)
{
    const nas_explain_column *c = &t->column[column];
    nas_explain_rule rule = {.n_terms = 1, .column = {column}};
    for (int k = 0; k < c->n_levels; k++) {
        rule.levels[0] = UINT64_C(1) << k;
        consider(t, &rule, list, n, SINGLES);
    }
    uint64_t present = 0; /* levels that are numbers */
    for (int k = c->optional ? 1 : 0; k < c->n_levels; k++)
        present |= UINT64_C(1) << k;
    for (int k = c->optional ? 2 : 1; c->ordered && k + 1 < c->n_levels; k++) {
        rule.levels[0] = present & (UINT64_MAX << k);
        consider(t, &rule, list, n, SINGLES);
        rule.levels[0] = present & ~(UINT64_MAX << k);
        consider(t, &rule, list, n, SINGLES);
    }
}

static int find_candidates(const nas_explain_table *t, candidate *list)
{
    candidate single[SINGLES];
    int n_single = 0, n = 0;
    for (int c = 0; c < t->columns; c++)
        consider_column(t, c, single, &n_single);
    for (int i = 0; i < n_single; i++) {
        insert(list, &n, KEPT, &single[i]);
        for (int k = i + 1; k < n_single; k++) {
            nas_explain_rule rule = single[i].rule;
            if (single[k].rule.column[0] == rule.column[0])
                continue;
            rule.column[rule.n_terms] = single[k].rule.column[0];
            rule.levels[rule.n_terms++] = single[k].rule.levels[0];
            consider(t, &rule, list, &n, KEPT);
        }
    }
    return n;
}

/* ---- words ------------------------------------------------------------- */

static int lowest(uint64_t levels)
{
    int k = 0;
    while ((levels >> k & 1) == 0)
        k++;
    return k;
}

static void write_term(const nas_explain_column *c, uint64_t levels, char *out,
                       size_t size)
{
    int low = lowest(levels), high = low;
    while (high + 1 < c->n_levels && (levels >> (high + 1) & 1) != 0)
        high++;
    int least = c->optional ? 1 : 0;
    if (c->optional && levels == 1)
        (void)snprintf(out, size, "no %s", c->name);
    else if (low == high)
        (void)snprintf(out, size, c->ordered ? "%s = %s" : "%s is %s", c->name,
                       c->levels[low]);
    else if (low == least)
        (void)snprintf(out, size, "%s ≤ %s", c->name, c->levels[high]);
    else
        (void)snprintf(out, size, "%s ≥ %s", c->name, c->levels[low]);
}

static void write_text(const nas_explain_table *t, nas_explain_rule *rule)
{
    char term[NAS_EXPLAIN_TERMS][80];
    for (int i = 0; i < rule->n_terms; i++)
        write_term(&t->column[rule->column[i]], rule->levels[i], term[i], sizeof term[i]);
    (void)snprintf(rule->text, sizeof rule->text, "%s%s%s", term[0],
                   rule->n_terms > 1 ? " and " : "", rule->n_terms > 1 ? term[1] : "");
}

/* ---- choosing ---------------------------------------------------------- */

/* Networks of either rule that both hold for. Opposite rules are the same finding. */
static double shared(const nas_explain_table *t, const nas_explain_rule *a,
                     const nas_explain_rule *b)
{
    int64_t both = 0, either = 0, equal = 0;
    for (int64_t i = 0; i < t->n; i++) {
        bool x = holds(t, a, i), y = holds(t, b, i);
        both += x && y;
        either += x || y;
        equal += x == y;
    }
    double opposite = 1 - (double)equal / (double)t->n;
    return fmax((double)both / (double)(either > 0 ? either : 1), opposite);
}

/* Measure a rule on the half it was not found on. @return whether it holds there */
static bool confirm(const nas_explain_table *t, nas_explain_rule *rule)
{
    contrast c = measure(t, rule, 1);
    if (isinf(c.error) || fabs(c.effect) < Z * c.error)
        return false;
    double sign = t->larger_is_better ? 1 : -1;
    double low = sign * (c.effect - Z * c.error), high = sign * (c.effect + Z * c.error);
    rule->effect = sign * c.effect;
    rule->low = fmin(low, high);
    rule->high = fmax(low, high);
    rule->support = measure(t, rule, 2).support;
    write_text(t, rule);
    return true;
}

static int by_effect(const void *a, const void *b)
{
    double x = fabs(((const nas_explain_rule *)a)->effect);
    double y = fabs(((const nas_explain_rule *)b)->effect);
    return (x < y) - (x > y);
}

nas_status nas_mattered_rules(const nas_explain_table *table, nas_arena *arena,
                              nas_explain_mattered *out, nas_err *err)
{
    out->rule = NAS_NEW(arena, nas_explain_rule, SHOWN);
    candidate *list = NAS_NEW(arena, candidate, KEPT);
    NAS_TRY_ALLOC(out->rule, err);
    NAS_TRY_ALLOC(list, err);
    if (table->n < LEAST_NETWORKS)
        return NAS_OK;
    const nas_explain_rule *chosen[SHOWN];
    int n = find_candidates(table, list), taken = 0;
    for (int i = 0; i < n && taken < SHOWN; i++) {
        bool known = false;
        for (int k = 0; k < taken; k++)
            known = known || shared(table, &list[i].rule, chosen[k]) > MOST_SHARED;
        if (known)
            continue;
        chosen[taken++] = &list[i].rule;
        if (confirm(table, &list[i].rule))
            out->rule[out->n_rules++] = list[i].rule;
    }
    qsort(out->rule, (size_t)out->n_rules, sizeof *out->rule, by_effect);
    return NAS_OK;
}
