/* One IDX file: bytes 0 0 TYPE RANK, RANK big-endian uint32 extents, then the elements,
 * big-endian, row-major (Y. LeCun, C. Cortes, C. Burges, the MNIST database). */
#ifndef NASMITH_DATA_IDX_H
#define NASMITH_DATA_IDX_H

#include "nasmith/data.h"

#include "data/stream.h"

enum { NAS_IDX_MAX_RANK = 4 };

typedef struct nas_idx_file {
    nas_stream stream;
    int type; /* the byte of the file */
    int rank;
    int64_t dim[NAS_IDX_MAX_RANK]; /* dim[0] items; absent extents are 1 */
    size_t element_bytes;          /* in the file */
    nas_element element;           /* in memory; doubles become floats */
    int64_t item_count;            /* elements of one item */
} nas_idx_file;

/* @return whether bytes at the start of a file can be IDX's */
bool nas_idx_is_magic(const unsigned char *head, size_t bytes);

/* Open and check the header: known type, rank 1..4, extents >= 1, and a size that the
 * file can hold. Close also after a failure.
 * @return NAS_E_DATA */
nas_status nas_idx_open(nas_idx_file *file, const char *path, nas_err *err);
void nas_idx_close(nas_idx_file *file);

/* Read the next item into host byte order.
 * @param raw  scratch, item_count * element_bytes
 * @param out  item_count elements of `element`; may not overlap raw */
nas_status nas_idx_read_item(nas_idx_file *file, int64_t item, void *raw, void *out,
                             nas_err *err);

/* After the last item: nothing may follow. */
nas_status nas_idx_expect_end(nas_idx_file *file, nas_err *err);

/* Read a whole small file as numbers.
 * @param out  [dim[0] * item_count] in the arena */
nas_status nas_idx_read_numbers(const char *path, nas_arena *arena, nas_idx_file *header,
                                double **out, nas_err *err);

#endif
