/* Names and argument lists of the kernels, from their one list. */
#include "export/calls.h"

static const struct {
    const char *name;
    nas_kernel_form form;
} kernels[NAS_KERNEL_COUNT] = {
#define KERNEL_ENTRY(upper, lower, form) [NAS_KERNEL_##upper] = {#lower, NAS_FORM_##form},
    NAS_KERNEL_LIST(KERNEL_ENTRY) NAS_KERNEL8_ONLY_LIST(KERNEL_ENTRY)
#undef KERNEL_ENTRY
};

static const nas_kernel_form forms8[NAS_KERNEL_COUNT] = {
#define KERNEL8_ENTRY(upper, lower, form) [NAS_KERNEL_##upper] = NAS_FORM_##form,
    NAS_KERNEL8_LIST(KERNEL8_ENTRY) NAS_KERNEL8_ONLY_LIST(KERNEL8_ENTRY)
#undef KERNEL8_ENTRY
};

const char *nas_kernel_name(nas_kernel kernel)
{
    return kernels[kernel].name;
}

nas_kernel_form nas_kernel_form_of(const nas_calls *calls, nas_kernel kernel)
{
    return calls->quant != NULL ? forms8[kernel] : kernels[kernel].form;
}
