/* How much of the chosen network's score is luck of its seed: trained again, in all else
 * as the search did, within a time that is given. */
#include "explain/retrain.h"
#include "nasmith/clock.h"

#include <math.h>

enum { MOST_SEEDS = 8, FEWEST = 3 };
/* A training may take so much longer than the one before it. */
static const double SAFETY = 1.2;

typedef struct seeds {
    nas_retrain with;
    nas_retrain_plan plan;
    bool as_searched; /* trained for as long: the search's own score is one of them */
    double searched;  /* it; NaN */
    nas_score score[MOST_SEEDS];
    int n;
} seeds;

/* As long as the search's longest training of the network, or, when the time does not
 * hold a few of those, for fewer epochs. */
static nas_status make_plan(seeds *s, nas_err *err)
{
    const nas_evaluation_row *e = s->with.row->best;
    double pace;
    s->plan = (nas_retrain_plan){
        .graph = s->with.graph, .fraction = 1, .epochs = 1, .repeat = 1};
    s->searched = (double)NAN;
    if (e == NULL)
        return NAS_OK;
    NAS_TRY(nas_retrain_pace(&s->with, &pace, err));
    double rows = e->spec.fraction * (double)(s->with.data->n_train * e->spec.epochs);
    double took = pace * (double)nas_graph_macs(s->with.graph) * rows;
    double share = took > 0 ? nas_retrain_left_s(&s->with) / (FEWEST * SAFETY * took) : 1;
    s->plan.fraction = e->spec.fraction;
    s->plan.epochs = share >= 1 ? e->spec.epochs
                                : (int64_t)fmax(1, floor(share * (double)e->spec.epochs));
    s->as_searched = s->plan.epochs == e->spec.epochs;
    const bool same_rows = e->spec.fold == 0 && e->spec.repeat == 0;
    if (s->as_searched && same_rows && s->with.settings->limits.dtype != NAS_INT8)
        s->searched = e->validation.value;
    return NAS_OK;
}

static nas_status try_seeds(seeds *s, nas_err *err)
{
    double took = 0;
    while (s->n < MOST_SEEDS && nas_retrain_left_s(&s->with) > SAFETY * took) {
        double left = nas_retrain_left_s(&s->with);
        nas_job_result result;
        NAS_TRY(nas_retrain_run(&s->with, &s->plan, &result, err));
        if (result.outcome != NAS_OUTCOME_DONE)
            return NAS_OK;
        s->score[s->n++] = result.validation;
        s->plan.repeat++;
        took = left - nas_retrain_left_s(&s->with);
    }
    return NAS_OK;
}

static nas_status write_entry(const seeds *s, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_json_key_int(&json, "schema", 1);
    nas_json_key_int(&json, "trial", s->with.row->id);
    nas_json_key_real(&json, "fraction", s->plan.fraction);
    nas_json_key_int(&json, "epochs", s->plan.epochs);
    nas_json_key_bool(&json, "as_searched", s->as_searched);
    nas_json_key_real(&json, "searched", s->searched);
    nas_json_key_real(&json, "seconds", s->with.seconds - nas_retrain_left_s(&s->with));
    nas_json_key(&json, "scores");
    nas_json_array_begin(&json);
    for (int i = 0; i < s->n; i++)
        nas_json_real(&json, s->score[i].value);
    nas_json_array_end(&json);
    nas_json_object_end(&json);
    nas_status status = nas_text_status(&text, err);
    if (status == NAS_OK)
        status =
            nas_study_put(s->with.study, NAS_SEEDS_ENTRY, nas_text_string(&text), err);
    nas_text_free(&text);
    return status;
}

static nas_status run(seeds *s, nas_err *err)
{
    NAS_TRY(make_plan(s, err));
    NAS_TRY(try_seeds(s, err));
    return s->n > 0 ? write_entry(s, err) : NAS_OK;
}

nas_status nas_explain_seeds(nas_study *study, double seconds, nas_err *err)
{
    seeds s = {0};
    bool found = false;
    nas_status status = nas_retrain_open(study, seconds, &s.with, &found, err);
    if (status == NAS_OK && found)
        status = run(&s, err);
    nas_retrain_close(&s.with);
    return status;
}
