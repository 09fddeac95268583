/* Dealing rows out by class. */
#include "nasmith/data.h"

#include <stdbool.h>

/* Rows of one class, in the shuffled order. */
typedef struct stratum {
    double key;    /* where the next row belongs, 0..1 */
    double offset; /* 0..1, of a step */
    int64_t begin, next, count;
    int32_t class;
} stratum;

static bool comes_before(const stratum *a, const stratum *b)
{
    return a->key != b->key ? a->key < b->key : a->class < b->class;
}

/* Let heap[at] sink to its place. */
static void sink(stratum *heap, int64_t n, int64_t at)
{
    const stratum moved = heap[at];
    for (int64_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        child += child + 1 < n && comes_before(&heap[child + 1], &heap[child]);
        if (!comes_before(&heap[child], &moved))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

static double key_of(const stratum *s)
{
    return ((double)s->next + s->offset) / (double)s->count;
}

/* Sort the pool by class, keeping the order within one. @param sorted  out, [n] */
static void part_classes(const int32_t *labels, const int64_t *pool, int64_t n,
                         stratum *strata, int64_t n_classes, int64_t *sorted)
{
    for (int64_t i = 0; i < n; i++)
        strata[labels[pool[i]]].count++;
    for (int64_t k = 1; k < n_classes; k++)
        strata[k].begin = strata[k - 1].begin + strata[k - 1].count;
    for (int64_t i = 0; i < n; i++) {
        stratum *s = &strata[labels[pool[i]]];
        sorted[s->begin + s->next++] = pool[i];
    }
}

/* Merge the classes: the rows of each are spread evenly over the whole. A merge of queues
 * takes 8 bytes a row, where a sort by key would take 48. */
static void merge_classes(stratum *heap, int64_t n_classes, const int64_t *sorted,
                          int64_t *pool)
{
    int64_t n = 0;
    for (int64_t k = 0; k < n_classes; k++) {
        if (heap[k].count == 0)
            continue;
        heap[n] = heap[k];
        heap[n].next = 0;
        heap[n].class = (int32_t)k;
        heap[n].key = key_of(&heap[n]);
        n++;
    }
    for (int64_t at = n / 2 - 1; at >= 0; at--)
        sink(heap, n, at);
    for (int64_t i = 0; n > 0; i++) {
        pool[i] = sorted[heap->begin + heap->next++];
        if (heap->next == heap->count)
            *heap = heap[--n];
        else
            heap->key = key_of(heap);
        if (n > 0)
            sink(heap, n, 0);
    }
}

nas_status nas_data_deal(const int32_t *labels, int64_t n_classes, nas_rng *rng,
                         int64_t *rows, int64_t n, nas_err *err)
{
    stratum *strata = nas_heap_alloc((size_t)n_classes, sizeof *strata);
    int64_t *sorted = nas_heap_alloc((size_t)n, sizeof *sorted);
    bool ok = strata != NULL && sorted != NULL;
    if (ok) {
        for (int64_t k = 0; k < n_classes; k++)
            strata[k].offset = nas_rng_uniform(rng);
        part_classes(labels, rows, n, strata, n_classes, sorted);
        merge_classes(strata, n_classes, sorted, rows);
    }
    nas_heap_free(strata);
    nas_heap_free(sorted);
    return ok ? NAS_OK : nas_fail(err, NAS_E_NOMEM, "out of memory");
}
