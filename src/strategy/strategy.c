#include "strategy/strategies.h"

#include "nasmith/arena.h"

#include <assert.h>
#include <string.h>

enum { UNIFORM_EVERY = 5 };

struct nas_strategy {
    const nas_strategy_ops *ops;
    void *state;
    int64_t consumed; /* events of the history that were told */
    int64_t uniform_every;
};

static nas_status check_needs(const nas_strategy_ops *ops, const nas_space *space,
                              nas_err *err)
{
    static const struct {
        unsigned ability;
        const char *name;
    } names[] = {
        {NAS_SPACE_NEIGHBOURS, "neighbours"},
        {NAS_SPACE_CROSSOVER, "crossover"},
        {NAS_SPACE_ENUMERABLE, "enumeration (at most 1,048,576 assignments)"},
        {NAS_SPACE_ENCODES, "a fixed-length encoding"},
    };
    unsigned missing = ops->needs & ~nas_space_abilities(space);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((missing & names[i].ability) == 0)
            continue;
        (void)nas_fail(err, NAS_E_USAGE,
                       "strategy `%s` needs %s, which space `%s` does not have",
                       ops->name, names[i].name, nas_space_name(space));
        nas_err_hint(err, "choose another --strategy: evolution works on every space");
        return NAS_E_USAGE;
    }
    return NAS_OK;
}

nas_status nas_strategy_new(const nas_strategy_ops *ops, const nas_value *values,
                            const nas_space *space, nas_strategy **out, nas_err *err)
{
    NAS_TRY(check_needs(ops, space, err));
    nas_strategy *strategy = nas_heap_alloc(1, sizeof *strategy);
    NAS_TRY_ALLOC(strategy, err);
    strategy->ops = ops;
    strategy->uniform_every = UNIFORM_EVERY;
    strategy->state = nas_heap_alloc(1, ops->state_size);
    nas_status status = strategy->state != NULL
                            ? ops->init(strategy->state, values, err)
                            : nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (status != NAS_OK) {
        nas_strategy_free(strategy);
        return status;
    }
    *out = strategy;
    return NAS_OK;
}

void nas_strategy_free(nas_strategy *strategy)
{
    if (strategy == NULL)
        return;
    if (strategy->ops->free != NULL && strategy->state != NULL)
        strategy->ops->free(strategy->state);
    nas_heap_free(strategy->state);
    nas_heap_free(strategy);
}

void nas_strategy_set_uniform_every(nas_strategy *strategy, int64_t n)
{
    assert(n >= 0);
    strategy->uniform_every = n;
}

static nas_status tell_news(nas_strategy *strategy, const nas_history *history,
                            nas_err *err)
{
    if (strategy->consumed > history->n_events)
        return nas_fail(err, NAS_E_STUDY,
                        "strategy `%s` has seen %lld scores, the study holds %lld",
                        strategy->ops->name, (long long)strategy->consumed,
                        (long long)history->n_events);
    if (strategy->ops->tell == NULL)
        strategy->consumed = history->n_events;
    while (strategy->consumed < history->n_events) {
        const nas_history_event *event = &history->events[strategy->consumed];
        NAS_TRY(strategy->ops->tell(strategy->state, history, event->trial, event->rung,
                                    err));
        strategy->consumed++;
    }
    return NAS_OK;
}

nas_status nas_strategy_ask(nas_strategy *strategy, int64_t ask_index, nas_ask *ask,
                            nas_proposal *out, nas_err *err)
{
    int64_t every = strategy->uniform_every;
    *out = (nas_proposal){0};
    ask->infeasible = ask->duplicates = 0;
    ask->exhausted = false;
    NAS_TRY(tell_news(strategy, ask->history, err));
    if (every > 0 && ask_index % every == every - 1)
        return nas_propose_uniform(ask, out, err);
    return strategy->ops->ask(strategy->state, ask, out, err);
}

/* A blob is the name of the strategy, a zero byte, the history position, its state. */
nas_status nas_strategy_save(const nas_strategy *strategy, nas_text *out, nas_err *err)
{
    nas_text_append(out, strategy->ops->name, strlen(strategy->ops->name) + 1);
    nas_state_put(out, strategy->consumed);
    if (strategy->ops->save != NULL)
        NAS_TRY(strategy->ops->save(strategy->state, out, err));
    return nas_text_status(out, err);
}

nas_status nas_strategy_load(nas_strategy *strategy, const void *bytes, size_t n,
                             nas_err *err)
{
    const char *name = strategy->ops->name;
    size_t length = strlen(name) + 1;
    if (n < length || memcmp(bytes, name, length) != 0)
        return nas_fail(err, NAS_E_STUDY, "the stored state is not one of strategy `%s`",
                        name);
    state_reader reader = {(const unsigned char *)bytes + length, n - length};
    if (!nas_state_get(&reader, &strategy->consumed) || strategy->consumed < 0)
        return nas_fail(err, NAS_E_STUDY,
                        "state of strategy `%s`: %zu bytes found, more expected", name,
                        n);
    if (strategy->ops->load != NULL)
        return strategy->ops->load(strategy->state, reader.bytes, reader.left, err);
    if (reader.left != 0)
        return nas_fail(err, NAS_E_STUDY,
                        "state of strategy `%s`: %zu bytes found, none expected", name,
                        reader.left);
    return NAS_OK;
}
