/* The prepared file: one part of a data set as it is mapped by workers.
 *
 *   header, 64 bytes   "NASDATA\n", u32 version, u32 byte-order tag
 *   sections           inputs, labels or targets, groups, train, validation, folds; each
 *                      begins at a multiple of 64 bytes, absent ones are left out
 *   meta               JSON: shapes, names, section table, summary
 *   trailer, 64 bytes  u64 meta offset, u64 meta bytes, u64 checksum of all before it,
 *                      "NASDEND\n"
 *
 * The checksum and the table come last so that rows are written while they are read. */
#ifndef NASMITH_DATA_PREPARED_H
#define NASMITH_DATA_PREPARED_H

#include "nasmith/data.h"

#define NAS_PREPARED_SEARCH "search.nasd"
#define NAS_PREPARED_SEALED "sealed.nasd"

enum { NAS_PREPARED_VERSION = 1, NAS_PREPARED_ALIGN = 64, NAS_PREPARED_MAX_SECTIONS = 6 };

typedef struct nas_prepared_section {
    const char *name;
    int64_t offset, bytes;
} nas_prepared_section;

/* Zero-initialise; release with finish or abort. */
typedef struct nas_prepared_writer {
    nas_file_writer file;
    char *buffer; /* one checksum chunk */
    size_t used;
    int64_t offset; /* bytes put so far */
    uint64_t checksum;
    nas_prepared_section sections[NAS_PREPARED_MAX_SECTIONS];
    int n_sections;
} nas_prepared_writer;

nas_status nas_prepared_open_writer(nas_prepared_writer *writer, const char *path,
                                    nas_err *err);
/* Begin a section; what is put until the next one belongs to it. */
nas_status nas_prepared_section_begin(nas_prepared_writer *writer, const char *name,
                                      nas_err *err);
nas_status nas_prepared_put(nas_prepared_writer *writer, const void *data, size_t bytes,
                            nas_err *err);
/* Write meta and trailer, and flush; the file appears with nas_prepared_commit.
 * @param data     counts, shape, names; its pointers to rows are not looked at
 * @param summary  stored too; NULL for the sealed part */
nas_status nas_prepared_finish(nas_prepared_writer *writer, const nas_dataset *data,
                               const nas_data_summary *summary, nas_err *err);
nas_status nas_prepared_commit(nas_prepared_writer *writer, nas_err *err);
void nas_prepared_abort(nas_prepared_writer *writer); /* also after commit; fine */

/* Check bytes of a prepared file and point into them.
 * @param data  must outlive *out, aligned to 64
 * @param name  of the file, for messages
 * @param out   Ownership: caller, nas_dataset_close
 * @return NAS_E_DATA when damaged or of another version */
nas_status nas_prepared_parse(const void *data, size_t bytes, const char *name,
                              nas_dataset **out, nas_err *err);

/* Map a file and parse it; the data set owns the map. */
nas_status nas_prepared_map(const char *path, nas_dataset **out, nas_err *err);

/* Read the summary stored in a prepared file.
 * @return NAS_E_DATA when there is none */
nas_status nas_prepared_read_summary(const char *path, nas_data_summary *out,
                                     nas_err *err);

/* The checksum a trailer must hold for the `bytes` before its checksum field. */
uint64_t nas_prepared_checksum(const void *data, size_t bytes);

#endif
