/* Words in file and folder names that say which part of the data is inside. */
#ifndef NASMITH_DATA_PART_WORDS_H
#define NASMITH_DATA_PART_WORDS_H

#include "data/source.h"

/* "train", "TEST", "val", "train50k", "t10k", ...
 * @param length  bytes of the word
 * @return NAS_PART_ANY for every other word */
nas_part nas_part_of_word(const char *word, size_t length);

#endif
