#include "evaluate/sample.h"

#include <math.h>
#include <string.h>

/* Rows of one class, in random order. The k-th of n stands at (k + offset) / n: going
 * through all classes by position deals them out evenly. Queues are merged, since sorting
 * all rows of a large set would take 32 bytes a row. */
typedef struct queue {
    double position; /* of the next row */
    double offset;   /* keeps small classes from all coming at the same places */
    int64_t *rows;
    int64_t next, n;
} queue;

static bool comes_before(const queue *a, const queue *b)
{
    return a->position != b->position ? a->position < b->position
                                      : a->rows[a->next] < b->rows[b->next];
}

static void set_position(queue *q)
{
    q->position = ((double)q->next + q->offset) / (double)q->n;
}

/* Let heap[at] sink to its place. */
static void sink(queue *heap, int64_t n, int64_t at)
{
    const queue moved = heap[at];
    for (int64_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        child += child + 1 < n && comes_before(&heap[child + 1], &heap[child]);
        if (!comes_before(&heap[child], &moved))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

/* Sort rows into the queues of their classes, keeping the order within one.
 * @param sorted  [n], of the queues from now on */
static void fill_queues(const nas_dataset *data, const int64_t *rows, int64_t n,
                        queue *queues, int64_t *sorted)
{
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++)
        queues[data->labels[rows[i]]].n++;
    for (int64_t k = 0; k < data->n_outputs; k++) {
        queues[k].rows = sorted + at;
        at += queues[k].n;
    }
    for (int64_t i = 0; i < n; i++) {
        queue *q = &queues[data->labels[rows[i]]];
        q->rows[q->next++] = rows[i];
    }
}

static void merge(queue *heap, int64_t n_classes, int64_t *rows)
{
    int64_t n = 0;
    for (int64_t k = 0; k < n_classes; k++) {
        if (heap[k].n == 0)
            continue;
        heap[n] = heap[k];
        heap[n].next = 0;
        set_position(&heap[n++]);
    }
    for (int64_t at = n / 2 - 1; at >= 0; at--)
        sink(heap, n, at);
    for (int64_t i = 0; n > 0; i++) {
        rows[i] = heap->rows[heap->next++];
        if (heap->next == heap->n)
            *heap = heap[--n];
        else
            set_position(heap);
        if (n > 0)
            sink(heap, n, 0);
    }
}

/* `rows` in random order -> dealt out by class. */
static nas_status deal_out(const nas_dataset *data, int64_t *rows, int64_t n, nas_rng rng,
                           nas_err *err)
{
    int64_t classes = data->n_outputs;
    queue *queues = nas_heap_alloc((size_t)classes, sizeof *queues);
    int64_t *sorted = nas_heap_alloc((size_t)n, sizeof *sorted);
    bool ok = queues != NULL && sorted != NULL;
    if (ok) {
        for (int64_t k = 0; k < classes; k++)
            queues[k].offset = nas_rng_uniform(&rng);
        fill_queues(data, rows, n, queues, sorted);
        merge(queues, classes, rows);
    }
    nas_heap_free(queues);
    nas_heap_free(sorted);
    return ok ? NAS_OK : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

nas_status nas_sample_permutation(const nas_dataset *data, const int64_t *rows, int64_t n,
                                  nas_rng rng, nas_arena *arena, int64_t **out,
                                  nas_err *err)
{
    *out = NAS_NEW(arena, int64_t, n);
    NAS_TRY_ALLOC(*out, err);
    if (n == 0)
        return NAS_OK;
    memcpy(*out, rows, (size_t)n * sizeof **out);
    nas_rng order = nas_rng_split(&rng, 0);
    nas_rng_shuffle(&order, *out, n);
    if (data->labels == NULL)
        return NAS_OK;
    return deal_out(data, *out, n, nas_rng_split(&rng, 1), err);
}

int64_t nas_sample_size(int64_t n, double fraction)
{
    int64_t size = (int64_t)ceil(fraction * (double)n - 1e-9);
    return size < 1 ? 1 : size > n ? n : size;
}

void nas_sample_class_weights(const nas_dataset *data, const int64_t *rows, int64_t n,
                              float *out)
{
    int64_t classes = data->n_outputs;
    for (int64_t k = 0; k < classes; k++)
        out[k] = 0.0F;
    for (int64_t i = 0; i < n; i++)
        out[data->labels[rows[i]]] += 1.0F;
    double sum = 0.0; /* of the weights of all rows */
    for (int64_t k = 0; k < classes; k++) {
        double count = (double)out[k];
        if (count == 0.0) {
            out[k] = 1.0F;
            continue;
        }
        double weight = (double)n / ((double)classes * count);
        weight = fmin(10.0, fmax(0.1, weight));
        sum += weight * count;
        out[k] = (float)weight;
    }
    for (int64_t k = 0; k < classes; k++)
        out[k] = (float)((double)out[k] * (double)n / sum);
}

void nas_sample_targets(const nas_dataset *data, const int64_t *rows, int64_t n,
                        float *mean, float *deviation)
{
    int64_t outputs = data->n_outputs;
    for (int64_t k = 0; k < outputs; k++) {
        double sum = 0.0;
        for (int64_t i = 0; i < n; i++)
            sum += (double)data->targets[rows[i] * outputs + k];
        double centre = sum / (double)n;
        double squares = 0.0;
        for (int64_t i = 0; i < n; i++) {
            double d = (double)data->targets[rows[i] * outputs + k] - centre;
            squares += d * d;
        }
        double spread = sqrt(squares / (double)n);
        mean[k] = (float)centre;
        deviation[k] =
            spread > 1e-12 * fabs(centre) && spread > 0.0 ? (float)spread : 1.0F;
    }
}
