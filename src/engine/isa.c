#include "engine/kernels.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
static bool machine_has(nas_isa isa)
{
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    if (isa == NAS_ISA_AVX512)
        return avx2 && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return isa == NAS_ISA_BASELINE || avx2;
}

const nas_kernels *nas_kernels_get(nas_isa isa)
{
    if (!machine_has(isa))
        return NULL;
    if (isa == NAS_ISA_AVX512)
        return nas_kernels_avx512();
    return isa == NAS_ISA_AVX2 ? nas_kernels_avx2() : nas_kernels_baseline();
}
#else
const nas_kernels *nas_kernels_get(nas_isa isa)
{
    return isa == NAS_ISA_BASELINE ? nas_kernels_baseline() : NULL;
}
#endif

const char *nas_isa_name(nas_isa isa)
{
    static const char *const names[] = {"baseline", "avx2", "avx512"};
    return names[isa];
}

nas_isa nas_isa_best(void)
{
    nas_isa best = NAS_ISA_AVX512;
    const char *wanted = getenv("NASMITH_ISA");
    for (nas_isa isa = NAS_ISA_BASELINE; wanted != NULL && isa < NAS_ISA_AVX512; isa++) {
        if (strcmp(wanted, nas_isa_name(isa)) == 0)
            best = isa;
    }
    while (best > NAS_ISA_BASELINE && nas_kernels_get(best) == NULL)
        best--;
    return best;
}
