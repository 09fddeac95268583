/* One NumPy array: a .npy file, gzipped or not, or a member of a .npz archive. The format
 * is that of NumPy's NEP 1, versions 1.0 to 3.0. */
#ifndef NASMITH_DATA_NPY_H
#define NASMITH_DATA_NPY_H

#include "data/stream.h"

#include "nasmith/arena.h"
#include "nasmith/data.h"

enum { NAS_NPY_MAX_RANK = 4 };

/* Zero-initialise; close also after a failure. */
typedef struct nas_npy_file {
    nas_stream stream;
    void *archive, *member;  /* libzip's, instead of the stream */
    const char *path, *name; /* borrowed; name of the member or NULL */
    char kind;               /* b u i f: numbers; U S: texts */
    int element_bytes;       /* in the file */
    bool swapped;            /* bytes of an element are in the other order */
    int64_t header_bytes;
    int rank;
    int64_t dim[NAS_NPY_MAX_RANK]; /* absent extents are 1 */
    int64_t item_count;            /* elements of one item */
    nas_element element;           /* in memory: 64-bit and half numbers become floats */
} nas_npy_file;

/* @return whether bytes at the start of a file are NumPy's */
bool nas_npy_is_magic(const unsigned char *head, size_t n);

/* Open and check the header: known type, C order, rank 1..4, extents >= 1, and a size
 * that the file can hold.
 * @param name  member of the archive at path; NULL: path is the array
 * @return NAS_E_DATA */
nas_status nas_npy_open(nas_npy_file *file, const char *path, const char *name,
                        nas_err *err);
void nas_npy_close(nas_npy_file *file);

/* Read the next item.
 * @param raw  scratch, item_count * element_bytes
 * @param out  item_count elements of `element` */
nas_status nas_npy_read_item(nas_npy_file *file, void *raw, void *out, nas_err *err);

/* After the last item: nothing may follow. */
nas_status nas_npy_expect_end(nas_npy_file *file, nas_err *err);

/* Read a whole array of numbers. @param out  [dim[0] * item_count] in the arena */
nas_status nas_npy_read_numbers(nas_npy_file *file, nas_arena *arena, double **out,
                                nas_err *err);

/* Read a whole array of texts, UTF-8. @param out  [dim[0]] in the arena */
nas_status nas_npy_read_texts(nas_npy_file *file, nas_arena *arena, char ***out,
                              nas_err *err);

/* Names of the arrays in an archive, as stored.
 * @return NAS_E_DATA when it is no ZIP archive */
nas_status nas_npz_list(const char *path, nas_arena *arena, char ***out, int64_t *n,
                        nas_err *err);

#endif
