/* Functions marked `once` are compiled once, for all their calls, and not into them: so
 * their code and stack are the same in every network. */
#if defined(__clang__)
#define nas_rt_once __attribute__((noinline))
#elif defined(__GNUC__) && __GNUC__ >= 8
#define nas_rt_once __attribute__((noipa))
#elif defined(__GNUC__)
#define nas_rt_once __attribute__((noinline))
#else
#define nas_rt_once
#endif
#if defined(__GNUC__)
#define nas_rt_inline __attribute__((always_inline)) inline
#else
#define nas_rt_inline
#endif
