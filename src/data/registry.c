#include "data/source.h"

const nas_reader *const nas_readers[] = {
    &nas_reader_idx,
    &nas_reader_png,
    &nas_reader_csv,
};

const int nas_n_readers = (int)(sizeof nas_readers / sizeof nas_readers[0]);
