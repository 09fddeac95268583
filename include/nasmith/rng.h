/* Counter-based random numbers (Philox4x32-10, Random123).
 *
 * A stream is a pure function of (key, counter): no hidden state, the same on every
 * machine. Streams are derived from names, never from worker or trial numbers. */
#ifndef NASMITH_RNG_H
#define NASMITH_RNG_H

#include <stddef.h>
#include <stdint.h>

/* A position in one stream: a plain value, copy it freely. */
typedef struct nas_rng {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t buffer[4];
    int left; /* unread words of buffer */
} nas_rng;

/* @param seed    the study's seed
 * @param stream  identity of the stream, e.g. nas_hash64 of what the result depends on */
nas_rng nas_rng_new(uint64_t seed, uint64_t stream);

/* A stream independent of its parent and of siblings with another label; the parent does
 * not move. It depends on the parent's identity, not on how much was drawn from it. */
nas_rng nas_rng_split(const nas_rng *rng, uint64_t label);

/* @return 32 or 64 uniform bits */
uint32_t nas_rng_u32(nas_rng *rng);
uint64_t nas_rng_u64(nas_rng *rng);

/* @param n  >= 1
 * @return uniform integer in [0, n), without modulo bias */
uint64_t nas_rng_below(nas_rng *rng, uint64_t n);

/* @return uniform double in [0, 1) with 53 random bits */
double nas_rng_uniform(nas_rng *rng);

/* @return standard normal (Box-Muller on two uniforms, no cached second value); the same
 *         bits on every machine */
double nas_rng_normal(nas_rng *rng);

/* Fisher-Yates. */
void nas_rng_shuffle(nas_rng *rng, int64_t *items, int64_t n);

/* 64-bit XXH3 of bytes, the project's only content hash. Stable across machines and
 * versions: it is stored in studies. */
uint64_t nas_hash64(const void *data, size_t bytes, uint64_t seed);

/* The same hash of bytes that come piece by piece. */
typedef struct nas_hasher nas_hasher;

/* @return NULL when memory is out. Ownership: caller, nas_hasher_free */
nas_hasher *nas_hasher_new(uint64_t seed);
void nas_hasher_free(nas_hasher *hasher); /* NULL is fine */
void nas_hasher_add(nas_hasher *hasher, const void *data, size_t bytes);

/* @return nas_hash64 of all that was added */
uint64_t nas_hasher_value(const nas_hasher *hasher);

#endif
