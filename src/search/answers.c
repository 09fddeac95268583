#include "search/answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char MAGIC[8] = "NASANSW1";

typedef struct answers_head {
    char magic[8];
    int64_t task, n, n_outputs;
} answers_head;

static void name_of(int64_t trial, char out[64])
{
    (void)snprintf(out, 64, "answers-%" PRId64 ".bin", trial);
}

/* Bytes of the truth, which lies between head and outputs. */
static size_t truth_bytes(const answers_head *h)
{
    return h->task == NAS_TASK_CLASSIFICATION
               ? (size_t)h->n * sizeof(int32_t)
               : (size_t)(h->n * h->n_outputs) * sizeof(float);
}

static size_t output_bytes(const answers_head *h)
{
    return (size_t)(h->n * h->n_outputs) * sizeof(float);
}

nas_status nas_answers_keep(nas_study *study, int64_t trial, const nas_predictions *p,
                            nas_err *err)
{
    answers_head head = {.task = p->task, .n = p->n, .n_outputs = p->n_outputs};
    memcpy(head.magic, MAGIC, sizeof head.magic);
    const size_t truth = truth_bytes(&head), outputs = output_bytes(&head);
    char name[64];
    char *bytes = nas_heap_alloc(sizeof head + truth + outputs, 1);
    NAS_TRY_ALLOC(bytes, err);
    memcpy(bytes, &head, sizeof head);
    if (p->n > 0) {
        const void *from = p->labels != NULL ? (const void *)p->labels : p->targets;
        memcpy(bytes + sizeof head, from, truth);
        memcpy(bytes + sizeof head + truth, p->outputs, outputs);
    }
    name_of(trial, name);
    nas_status status =
        nas_study_put_blob(study, name, bytes, sizeof head + truth + outputs, err);
    nas_heap_free(bytes);
    return status;
}

/* Whether the bytes are whole: extents first, so that nothing overflows. */
static bool is_whole(const answers_head *h, size_t bytes)
{
    const int64_t most = INT64_C(1) << 31;
    if (memcmp(h->magic, MAGIC, sizeof h->magic) != 0 || h->n < 0 || h->n > most ||
        h->n_outputs < 1 || h->n_outputs > most || h->n * h->n_outputs > most)
        return false;
    return bytes == sizeof *h + truth_bytes(h) + output_bytes(h);
}

static nas_status unpack(const char *bytes, const answers_head *h, nas_arena *arena,
                         nas_predictions *out, nas_err *err)
{
    const size_t truth = truth_bytes(h);
    void *first = nas_arena_copy(arena, bytes + sizeof *h, truth);
    float *outputs = nas_arena_copy(arena, bytes + sizeof *h + truth, output_bytes(h));
    NAS_TRY_ALLOC(first, err);
    NAS_TRY_ALLOC(outputs, err);
    bool classes = h->task == NAS_TASK_CLASSIFICATION;
    *out = (nas_predictions){.task = (nas_task)h->task,
                             .n = h->n,
                             .n_outputs = h->n_outputs,
                             .outputs = outputs,
                             .labels = classes ? first : NULL,
                             .targets = classes ? NULL : first};
    return NAS_OK;
}

/* Labels index tables: none may lie outside. */
static bool labels_fit(const nas_predictions *p)
{
    for (int64_t i = 0; i < p->n && p->labels != NULL; i++)
        if (p->labels[i] < 0 || p->labels[i] >= p->n_outputs)
            return false;
    return true;
}

nas_status nas_answers_load(nas_study *study, int64_t trial, nas_arena *arena,
                            nas_predictions *out, bool *found, nas_err *err)
{
    char name[64];
    void *bytes = NULL;
    size_t n = 0;
    answers_head head;
    *found = false;
    name_of(trial, name);
    NAS_TRY(nas_study_get_blob(study, name, &bytes, &n, err));
    if (bytes == NULL)
        return NAS_OK;
    nas_status status = NAS_OK;
    if (n >= sizeof head) {
        memcpy(&head, bytes, sizeof head);
        if (is_whole(&head, n)) {
            status = unpack(bytes, &head, arena, out, err);
            *found = status == NAS_OK && labels_fit(out);
        }
    }
    nas_heap_free(bytes);
    return status;
}
