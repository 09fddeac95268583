#include "space/space.h"

void nas_space_free(nas_space *space)
{
    if (space == NULL)
        return;
    nas_arena_free(space->arena);
    nas_heap_free(space);
}

const char *nas_space_name(const nas_space *space)
{
    return space->name;
}

const char *nas_space_text(const nas_space *space)
{
    return space->text;
}

uint64_t nas_space_hash(const nas_space *space)
{
    return space->hash;
}

unsigned nas_space_abilities(const nas_space *space)
{
    unsigned abilities = NAS_SPACE_NEIGHBOURS | NAS_SPACE_CROSSOVER | NAS_SPACE_ENCODES;
    return space->size <= 1 << 20 ? abilities | NAS_SPACE_ENUMERABLE : abilities;
}

int nas_space_decision_count(const nas_space *space)
{
    return space->n_decisions;
}

nas_decision_info nas_space_decision(const nas_space *space, int index)
{
    const nas_decision *decision = &space->decisions[index];
    return (nas_decision_info){
        .name = decision->name,
        .n_values = decision->n_values,
        .values = decision->texts,
        .ordered = decision->ordered,
        .training = decision->training,
    };
}

nas_status nas_space_recipe(const nas_space *space, const nas_candidate *candidate,
                            nas_recipe *recipe, nas_err *err)
{
    for (int i = 0; i < space->n_train; i++) {
        const nas_train_entry *entry = &space->train[i];
        int d = entry->setting.decision;
        const char *text =
            d < 0 ? entry->text : space->decisions[d].texts[candidate->pick[d]];
        NAS_TRY(nas_recipe_set(recipe, entry->name, text, err));
    }
    return NAS_OK;
}
