/* Files: whole-file reads, atomic writes, memory maps, directories. */
#ifndef NASMITH_FILE_H
#define NASMITH_FILE_H

#include "nasmith/arena.h"
#include "nasmith/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read a whole file. A NUL byte is appended after `*bytes`.
 * @param max_bytes  refuse larger files (0 = no limit)
 * @param out        heap memory, release with nas_heap_free
 * @return NAS_E_IO, naming the file and the system's reason */
nas_status nas_file_read(const char *path, size_t max_bytes, char **out, size_t *bytes,
                         nas_err *err);

/* Replace a file atomically: write to a sibling, fsync, rename, fsync the directory.
 * After any crash the file holds the old or the new bytes, never a mixture. */
nas_status nas_file_write(const char *path, const void *data, size_t bytes, nas_err *err);

/* A file that is written piece by piece and appears whole or not at all. Zero-initialise;
 * commit renames it into place; abort (or a crash) leaves nothing under `path`. */
typedef struct nas_file_writer {
    int fd;
    char path[1024];
    char temporary[1100];
    bool open;
} nas_file_writer;

nas_status nas_file_writer_open(nas_file_writer *writer, const char *path, nas_err *err);
nas_status nas_file_writer_put(nas_file_writer *writer, const void *data, size_t bytes,
                               nas_err *err);
nas_status nas_file_writer_commit(nas_file_writer *writer, nas_err *err);
void nas_file_writer_abort(nas_file_writer *writer);

/* Remove what writers left in a directory that ended without commit or abort (killed, or
 * the machine stopped): temporary files that no living process writes. Best effort; an
 * absent directory is fine. */
void nas_file_remove_stale(const char *path);

/* A read-only memory map of a whole file. Zero-initialise; release with
 * nas_file_unmap (a zeroed map is fine). */
typedef struct nas_file_map {
    const void *data;
    size_t bytes;
} nas_file_map;

nas_status nas_file_map_open(const char *path, nas_file_map *out, nas_err *err);
void nas_file_unmap(nas_file_map *map);

/* @return whether something (or a directory) is there and reachable */
bool nas_file_exists(const char *path);
bool nas_file_is_directory(const char *path);

/* Create a directory and its missing parents; existing is fine. */
nas_status nas_file_make_directory(const char *path, nas_err *err);

/* Remove a file or a directory tree; absent is fine. */
nas_status nas_file_remove(const char *path, nas_err *err);

/* Names (not paths) in a directory, sorted bytewise, without "." and "..".
 * @param out  array of *n strings in the arena */
nas_status nas_file_list(const char *path, nas_arena *arena, char ***out, int64_t *n,
                         nas_err *err);

/* @return `directory`/`name` in the arena, or NULL when memory is out */
char *nas_file_join(nas_arena *arena, const char *directory, const char *name);

/* Fault injection for tests: the nth write or fsync from now fails with ENOSPC; 0
 * switches it off. */
void nas_file_fail_nth(int64_t nth);

#endif
