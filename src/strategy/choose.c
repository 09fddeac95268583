#include "nasmith/strategy.h"

enum { FEW = 64 };

/* Largest space of which the model looks at every network in each ask; the default of
 * gp's parameter `exact`. */
static const double ENUMERATED = 50000;

const nas_strategy_ops *nas_strategy_choose(const nas_space *space, unsigned minimise,
                                            const char **why)
{
    double size = nas_space_size(space);
    if (size <= FEW) {
        *why = "the space is so small that all of it can be tried";
        return nas_strategy_find("grid");
    }
    if (minimise != 0) {
        *why = "costs are minimised beside the metric: a whole front is searched for";
        return nas_strategy_find("nsga2");
    }
    if (size <= ENUMERATED) {
        *why = "a model can look at every network of the space; it needs the fewest "
               "trainings";
        return nas_strategy_find("gp");
    }
    *why = "the space is too large to look at every network";
    return nas_strategy_find("evolution");
}
