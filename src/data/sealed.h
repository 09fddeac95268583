/* The test rows. Only the search layer's finisher may include this header: a leak is an
 * include error. */
#ifndef NASMITH_DATA_SEALED_H
#define NASMITH_DATA_SEALED_H

#include "nasmith/data.h"

/* Open `folder`/sealed.nasd. The caller counts the opening in its study first.
 * @param out  train and validation are empty; Ownership: caller, nas_dataset_close */
nas_status nas_sealed_open(const char *folder, nas_dataset **out, nas_err *err);

#endif
