#include "engine/crew.h"

#include "engine/denormal.h"
#include "nasmith/arena.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

/* Looks before a member goes to sleep (about 100 us), and before the caller gives its
 * core to a member that has none. */
enum { LOOKS = 4000, LOOKS_WHILE_WORKING = 1000 };

typedef struct member {
    nas_crew *crew;
    int index;
    pthread_t thread;
} member;

struct nas_crew {
    int size;
    int started; /* threads */
    member *members;
    nas_crew_part part;
    const void *work;
    atomic_uint number; /* of the work in hand; moves when there is new work */
    atomic_int left;    /* members that have not finished it */
    atomic_int asleep;
    atomic_bool over;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
};

static void look_away(void)
{
#if defined(__x86_64__)
    _mm_pause();
#endif
}

/* Under the mutex: a caller that finds `asleep` zero has moved the number before this
 * member could go to sleep on the old one. */
static void sleep_until_work(nas_crew *crew, unsigned done)
{
    (void)pthread_mutex_lock(&crew->mutex);
    (void)atomic_fetch_add(&crew->asleep, 1);
    while (atomic_load(&crew->number) == done && !atomic_load(&crew->over))
        (void)pthread_cond_wait(&crew->wake, &crew->mutex);
    (void)atomic_fetch_sub(&crew->asleep, 1);
    (void)pthread_mutex_unlock(&crew->mutex);
}

static void wait_for_work(nas_crew *crew, unsigned done)
{
    for (int i = 0; i < LOOKS; i++) {
        if (atomic_load_explicit(&crew->number, memory_order_acquire) != done ||
            atomic_load_explicit(&crew->over, memory_order_relaxed))
            return;
        look_away();
    }
    sleep_until_work(crew, done);
}

static void *serve(void *argument)
{
    const member *self = argument;
    nas_crew *crew = self->crew;
    (void)nas_flush_denormals();
    for (unsigned done = 0;; done++) {
        wait_for_work(crew, done);
        if (atomic_load(&crew->over))
            return NULL;
        crew->part(crew->work, self->index, crew->size);
        (void)atomic_fetch_sub_explicit(&crew->left, 1, memory_order_release);
    }
}

static void wake_all(nas_crew *crew)
{
    if (atomic_load(&crew->asleep) == 0)
        return;
    (void)pthread_mutex_lock(&crew->mutex);
    (void)pthread_cond_broadcast(&crew->wake);
    (void)pthread_mutex_unlock(&crew->mutex);
}

void nas_crew_run(nas_crew *crew, nas_crew_part part, const void *work)
{
    crew->part = part;
    crew->work = work;
    atomic_store_explicit(&crew->left, crew->size - 1, memory_order_relaxed);
    (void)atomic_fetch_add(&crew->number, 1);
    wake_all(crew);
    part(work, 0, crew->size);
    for (int looks = 0; atomic_load_explicit(&crew->left, memory_order_acquire) > 0;) {
        if (++looks % LOOKS_WHILE_WORKING == 0)
            (void)sched_yield();
        else
            look_away();
    }
}

static nas_status start(nas_crew *crew, nas_err *err)
{
    for (int i = 1; i < crew->size; i++) {
        member *m = &crew->members[i];
        *m = (member){.crew = crew, .index = i};
        int code = pthread_create(&m->thread, NULL, serve, m);
        if (code != 0)
            return nas_fail(err, NAS_E_IO, "cannot start thread %d of %d: %s", i + 1,
                            crew->size, strerror(code));
        crew->started = i;
    }
    return NAS_OK;
}

nas_status nas_crew_new(int size, nas_crew **out, nas_err *err)
{
    nas_crew *crew = nas_heap_alloc(1, sizeof *crew);
    *out = NULL;
    NAS_TRY_ALLOC(crew, err);
    *crew = (nas_crew){.size = size,
                       .mutex = PTHREAD_MUTEX_INITIALIZER,
                       .wake = PTHREAD_COND_INITIALIZER};
    crew->members = nas_heap_alloc((size_t)size, sizeof *crew->members);
    nas_status status = crew->members == NULL
                            ? nas_fail(err, NAS_E_NOMEM, "out of memory")
                            : start(crew, err);
    if (status != NAS_OK) {
        nas_crew_free(crew);
        return status;
    }
    *out = crew;
    return NAS_OK;
}

void nas_crew_free(nas_crew *crew)
{
    if (crew == NULL)
        return;
    atomic_store(&crew->over, true);
    (void)pthread_mutex_lock(&crew->mutex);
    (void)pthread_cond_broadcast(&crew->wake);
    (void)pthread_mutex_unlock(&crew->mutex);
    for (int i = 1; i <= crew->started; i++)
        (void)pthread_join(crew->members[i].thread, NULL);
    nas_heap_free(crew->members);
    nas_heap_free(crew);
}

int nas_crew_size(const nas_crew *crew)
{
    return crew->size;
}
