# nasmith_kernels(LAYER): compile src/LAYER/kernels/*.c once per instruction set and add
# the objects to nasmith_LAYER. Each copy sees NAS_ISA (baseline, avx2, avx512) for names
# and NAS_ISA_LEVEL (0, 1, 2) for #if.
function(nasmith_kernels layer)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${layer}/kernels/*.c)
    if(NOT sources)
        return()
    endif()
    set(isas baseline)
    if(NASMITH_X86)
        list(APPEND isas avx2 avx512)
    endif()
    set(march_baseline x86-64)
    set(march_avx2 x86-64-v3)
    set(march_avx512 x86-64-v4)
    # gcc spends minutes on these loops when UBSan watches every load and store; those
    # checks are left out here: AddressSanitizer sees the same ones, and a vector that is
    # not aligned traps by itself.
    if(NASMITH_SANITIZE)
        set(optimise -O1)
    else()
        set(optimise -O3)
    endif()
    set(level 0)
    foreach(isa IN LISTS isas)
        add_library(nasmith_kernels_${isa} OBJECT ${sources})
        target_link_libraries(nasmith_kernels_${isa} PRIVATE nasmith_flags)
        target_compile_definitions(nasmith_kernels_${isa} PRIVATE
                                   NAS_ISA=${isa} NAS_ISA_LEVEL=${level})
        target_compile_options(nasmith_kernels_${isa} PRIVATE ${optimise}
                               -fno-math-errno -fno-trapping-math -ffp-contract=fast)
        if(NASMITH_SANITIZE MATCHES undefined)
            target_compile_options(nasmith_kernels_${isa} PRIVATE
                -fno-sanitize=null,alignment,object-size,pointer-overflow)
        endif()
        if(NASMITH_X86)
            target_compile_options(nasmith_kernels_${isa} PRIVATE -march=${march_${isa}})
        endif()
        target_sources(nasmith_${layer} PRIVATE $<TARGET_OBJECTS:nasmith_kernels_${isa}>)
        math(EXPR level "${level} + 1")
    endforeach()
endfunction()
