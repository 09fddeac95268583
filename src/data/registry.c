#include "data/source.h"

const nas_reader *const nas_readers[] = {
    &nas_reader_idx,   &nas_reader_npy,     &nas_reader_cifar, &nas_reader_ts,
};

const int nas_n_readers = (int)(sizeof nas_readers / sizeof nas_readers[0]);
