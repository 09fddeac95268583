#include "strategy/bracket_sizes.h"

int64_t nas_bracket_networks(int s, int s_max, int64_t eta)
{
    int64_t n = (s_max + 1) / (s + 1);
    for (int i = 0; i < s; i++)
        n = n > INT64_MAX / eta ? INT64_MAX : n * eta;
    return n;
}

int64_t nas_bracket_rung_networks(int s, int i, int s_max, int64_t eta)
{
    int64_t n = nas_bracket_networks(s, s_max, eta);
    for (; i > 0; i--)
        n /= eta;
    return n > 0 ? n : 1;
}

int64_t nas_bracket_widest(int rung, int s_max, int64_t eta)
{
    int64_t widest = 1;
    for (int s = s_max; s >= s_max - rung && s >= 0; s--) {
        int64_t n = nas_bracket_rung_networks(s, rung - (s_max - s), s_max, eta);
        widest = n > widest ? n : widest;
    }
    return widest;
}
