/* Every kernel is compiled into each of its calls, whose shapes are constants then. */
#define nas_rt_once __attribute__((always_inline, unused)) inline
#define nas_rt_inline __attribute__((always_inline, unused)) inline
