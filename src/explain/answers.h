/* What a classifier's answers say of it: confusion, calibration, its hardest rows. */
#ifndef NASMITH_EXPLAIN_ANSWERS_H
#define NASMITH_EXPLAIN_ANSWERS_H

#include "nasmith/arena.h"
#include "nasmith/evaluate.h"
#include "nasmith/json.h"

enum { NAS_CALIBRATION_BINS = 10, NAS_HARDEST = 12 };

/* Probability of the answer against how often it is right. */
typedef struct nas_calibration {
    double ece; /* expected calibration error: mean |confidence - accuracy| by rows */
    struct {
        double confidence, accuracy; /* means; NaN where empty */
        int64_t n;
    } bin[NAS_CALIBRATION_BINS]; /* of equal width */
} nas_calibration;

/* @param temperature  probabilities become p^(1/temperature), normalised; 1 = as they are
 * @param part  rows with index % 2 equal to it; 2 = all
 * Ref: guo2017 */
nas_calibration nas_calibration_of(const nas_predictions *predictions, double temperature,
                                   int part);

/* The temperature with the least log loss, in [0.1, 10]. @param part  as above */
double nas_temperature_of(const nas_predictions *predictions, int part);

/* Expected calibration error with temperatures fitted on the other half of the rows. */
double nas_calibration_scaled(const nas_predictions *predictions);

/* Rows with the least probability of the truth (regression: the largest error), and those
 * whose two best classes are closest. @param out  [NAS_HARDEST] rows; @return number */
int nas_hardest_rows(const nas_predictions *predictions, int64_t *out);
int nas_unsure_rows(const nas_predictions *predictions, int64_t *out);

/* Key "confusion": counts[truth][answer]; key "calibration". Classification only. */
void nas_answers_write_confusion(const nas_predictions *predictions, nas_json *json);
void nas_answers_write_calibration(const nas_predictions *predictions, double temperature,
                                   nas_json *json);

#endif
