#include "space/space.h"

#include <stdio.h>
#include <string.h>

/* All values, or of many the first ones and the last. */
static void put_values(const nas_decision *decision, nas_text *out)
{
    enum { SHOWN = 10 };
    int n = decision->n_values;
    for (int v = 0; v < n; v++) {
        if (n > SHOWN && v == SHOWN - 2) {
            nas_text_printf(out, ", ..., %s (%d values)", decision->texts[n - 1], n);
            return;
        }
        nas_text_printf(out, "%s%s", v == 0 ? "" : ", ", decision->texts[v]);
    }
}

/* "about 3.1e+09" for what no one counts, exact below a million million. */
static void put_size(double size, nas_text *out)
{
    if (size < 1e12)
        nas_text_printf(out, "%.0f", size);
    else
        nas_text_printf(out, "about %.2g", size);
}

nas_status nas_space_describe(const nas_space *space, nas_text *out, nas_err *err)
{
    int width = 8;
    for (int d = 0; d < space->n_decisions; d++) {
        int length = (int)strlen(space->decisions[d].name);
        width = length > width ? length : width;
    }
    nas_text_printf(out, "%-*s  values\n", width, "decision");
    for (int d = 0; d < space->n_decisions; d++) {
        nas_text_printf(out, "%-*s  ", width, space->decisions[d].name);
        put_values(&space->decisions[d], out);
        nas_text_putc(out, '\n');
    }
    nas_text_printf(out, "%d decisions, ", space->n_decisions);
    put_size(space->size, out);
    nas_text_puts(out, " assignments\n");
    return nas_text_status(out, err);
}
