/* Identity of data: what a study compares before it continues. */
#ifndef NASMITH_DATA_FINGERPRINT_H
#define NASMITH_DATA_FINGERPRINT_H

#include "data/source.h"

/* Hash of names, sizes, modification times and options. @param test  may be NULL */
nas_status nas_fingerprint_quick(const nas_source *source, const nas_source *test,
                                 const nas_data_options *options, uint64_t *out,
                                 nas_err *err);

/* Hash of names inside a folder, all bytes and options. @param test  may be NULL */
nas_status nas_fingerprint_content(const nas_source *source, const nas_source *test,
                                   const nas_data_options *options, uint64_t *out,
                                   nas_err *err);

#endif
