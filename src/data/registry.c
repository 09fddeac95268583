#include "data/source.h"

const nas_reader *const nas_readers[] = {
    &nas_reader_idx,   &nas_reader_npy,      &nas_reader_cifar,   &nas_reader_ts,
    &nas_reader_arff,  &nas_reader_images,   &nas_reader_audio,   &nas_reader_recordings,
    &nas_reader_parts, &nas_reader_forecast, &nas_reader_windows, &nas_reader_tsv,
    &nas_reader_csv,
};

const int nas_n_readers = (int)(sizeof nas_readers / sizeof nas_readers[0]);
