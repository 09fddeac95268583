#include "nasmith/rng.h"

#include "nasmith/arena.h"

#include <Random123/philox.h>
#include <assert.h>
#include <math.h>
#include <string.h>
#include <xxhash.h>

/* Words 2 and 3 of the counter name the stream, words 0 and 1 count blocks in it. */
nas_rng nas_rng_new(uint64_t seed, uint64_t stream)
{
    return (nas_rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, 0, (uint32_t)stream, (uint32_t)(stream >> 32)},
    };
}

nas_rng nas_rng_split(const nas_rng *rng, uint64_t label)
{
    uint32_t identity[6] = {rng->key[0],     rng->key[1],     rng->counter[2],
                            rng->counter[3], (uint32_t)label, (uint32_t)(label >> 32)};
    unsigned char bytes[sizeof identity];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(identity[i / 4] >> (8 * (i % 4)));
    uint64_t seed = (uint64_t)rng->key[1] << 32 | rng->key[0];
    return nas_rng_new(seed, nas_hash64(bytes, sizeof bytes, seed));
}

static void refill(nas_rng *rng)
{
    philox4x32_ctr_t counter;
    philox4x32_key_t key;
    memcpy(counter.v, rng->counter, sizeof rng->counter);
    memcpy(key.v, rng->key, sizeof rng->key);
    philox4x32_ctr_t block = philox4x32(counter, key);
    memcpy(rng->buffer, block.v, sizeof rng->buffer);
    rng->left = 4;
    if (++rng->counter[0] == 0)
        ++rng->counter[1];
}

uint32_t nas_rng_u32(nas_rng *rng)
{
    if (rng->left == 0)
        refill(rng);
    return rng->buffer[4 - rng->left--];
}

uint64_t nas_rng_u64(nas_rng *rng)
{
    uint64_t low = nas_rng_u32(rng);
    return (uint64_t)nas_rng_u32(rng) << 32 | low;
}

uint64_t nas_rng_below(nas_rng *rng, uint64_t n)
{
    assert(n >= 1);
    if (n <= UINT32_MAX) { /* Lemire, doi:10.1145/3230636: no division as a rule */
        uint64_t product = (uint64_t)nas_rng_u32(rng) * n;
        if ((uint32_t)product < n) {
            uint32_t threshold = (uint32_t)(0 - (uint32_t)n) % (uint32_t)n;
            while ((uint32_t)product < threshold)
                product = (uint64_t)nas_rng_u32(rng) * n;
        }
        return product >> 32;
    }
    uint64_t threshold = (0 - n) % n;
    uint64_t draw;
    do
        draw = nas_rng_u64(rng);
    while (draw < threshold);
    return draw % n;
}

double nas_rng_uniform(nas_rng *rng)
{
    return (double)(nas_rng_u64(rng) >> 11) * 0x1p-53;
}

/* libm's log and cos differ in the last bit between machines with and without FMA; these
 * two use only operations that IEEE 754 rounds exactly. Error below 4e-16 relative for
 * the logarithm, 4e-16 absolute for the cosine. */
static double portable_log(double x)
{
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0.70710678118654752440) {
        m *= 2.0;
        exponent--;
    }
    double s = (m - 1.0) / (m + 1.0); /* log m = 2 (s + s^3/3 + s^5/5 + ...) */
    double square = s * s;
    double sum = 0.0;
    for (int k = 23; k >= 1; k -= 2)
        sum = sum * square + 1.0 / k;
    return exponent * 0.69314718055994530942 + 2.0 * s * sum;
}

/* Taylor series with the terms x^first/first!, -x^(first+2)/(first+2)!, ...; |x| <= pi/4
 */
static double alternating_series(double x, int first)
{
    double sum = 0.0;
    for (int k = first + 18; k > first; k -= 2)
        sum = (1.0 - sum) * (x * x) / (k * (k - 1.0));
    return (first == 1 ? x : 1.0) * (1.0 - sum);
}

/* cos(2 pi u) for u in [0, 1) */
static double cos_turns(double u)
{
    const double two_pi = 6.28318530717958647693;
    double a = u > 0.5 ? 1.0 - u : u; /* symmetric about half a turn */
    double sign = 1.0;
    if (a > 0.25) {
        a = 0.5 - a;
        sign = -1.0;
    }
    if (a > 0.125)
        return sign * alternating_series(two_pi * (0.25 - a), 1);
    return sign * alternating_series(two_pi * a, 0);
}

double nas_rng_normal(nas_rng *rng)
{
    double u = 1.0 - nas_rng_uniform(rng); /* (0, 1] */
    double v = nas_rng_uniform(rng);
    return sqrt(-2.0 * portable_log(u)) * cos_turns(v);
}

void nas_rng_shuffle(nas_rng *rng, int64_t *items, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)nas_rng_below(rng, (uint64_t)i + 1);
        int64_t item = items[i];
        items[i] = items[j];
        items[j] = item;
    }
}

uint64_t nas_hash64(const void *data, size_t bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, bytes, seed);
}

struct nas_hasher {
    XXH3_state_t *state;
};

nas_hasher *nas_hasher_new(uint64_t seed)
{
    nas_hasher *hasher = nas_heap_alloc(1, sizeof *hasher);
    if (hasher == NULL)
        return NULL;
    hasher->state = XXH3_createState();
    if (hasher->state == NULL ||
        XXH3_64bits_reset_withSeed(hasher->state, seed) != XXH_OK) {
        nas_hasher_free(hasher);
        return NULL;
    }
    return hasher;
}

void nas_hasher_free(nas_hasher *hasher)
{
    if (hasher == NULL)
        return;
    (void)XXH3_freeState(hasher->state);
    nas_heap_free(hasher);
}

void nas_hasher_add(nas_hasher *hasher, const void *data, size_t bytes)
{
    (void)XXH3_64bits_update(hasher->state, data, bytes); /* fails for NULL only */
}

uint64_t nas_hasher_value(const nas_hasher *hasher)
{
    return XXH3_64bits_digest(hasher->state);
}
