#include "explain/answers.h"

#include "explain/subject.h"

#include <math.h>

static bool in_part(int64_t row, int part)
{
    return part == 2 || row % 2 == part;
}

/* ---- calibration --------------------------------------------------------- */

/* log of p[k]^(1/temperature), normalised over the classes of a row */
static double log_scaled(const nas_predictions *p, int64_t row, int64_t k,
                         double temperature)
{
    const float *y = p->outputs + row * p->n_outputs;
    double sum = 0;
    for (int64_t i = 0; i < p->n_outputs; i++)
        sum += exp(log(fmax((double)y[i], 1e-12)) / temperature);
    return log(fmax((double)y[k], 1e-12)) / temperature - log(sum);
}

nas_calibration nas_calibration_of(const nas_predictions *p, double temperature, int part)
{
    nas_calibration out = {0};
    int64_t n = 0;
    for (int64_t i = 0; i < p->n; i++) {
        if (!in_part(i, part))
            continue;
        int64_t answer = nas_answer_of(p->outputs + i * p->n_outputs, p->n_outputs);
        double confidence = exp(log_scaled(p, i, answer, temperature));
        int bin = (int)(confidence * NAS_CALIBRATION_BINS);
        bin = bin < NAS_CALIBRATION_BINS ? bin : NAS_CALIBRATION_BINS - 1;
        out.bin[bin].confidence += confidence;
        out.bin[bin].accuracy += answer == p->labels[i];
        out.bin[bin].n++;
        n++;
    }
    for (int b = 0; b < NAS_CALIBRATION_BINS; b++) {
        double count = (double)out.bin[b].n;
        out.ece += n > 0 ? fabs(out.bin[b].confidence - out.bin[b].accuracy) / (double)n
                         : (double)NAN;
        out.bin[b].confidence = count > 0 ? out.bin[b].confidence / count : (double)NAN;
        out.bin[b].accuracy = count > 0 ? out.bin[b].accuracy / count : (double)NAN;
    }
    return out;
}

static double log_loss(const nas_predictions *p, double temperature, int part)
{
    double sum = 0;
    for (int64_t i = 0; i < p->n; i++)
        sum -= in_part(i, part) ? log_scaled(p, i, p->labels[i], temperature) : 0;
    return sum;
}

/* Golden section over log T: the loss is convex in 1/T. */
double nas_temperature_of(const nas_predictions *p, int part)
{
    const double ratio = 0.6180339887498949;
    double low = log(0.1), high = log(10);
    double a = high - ratio * (high - low), b = low + ratio * (high - low);
    double fa = log_loss(p, exp(a), part), fb = log_loss(p, exp(b), part);
    for (int i = 0; i < 28; i++) {
        bool left = fa < fb;
        if (left) {
            high = b;
            b = a;
            fb = fa;
            a = high - ratio * (high - low);
            fa = log_loss(p, exp(a), part);
        } else {
            low = a;
            a = b;
            fa = fb;
            b = low + ratio * (high - low);
            fb = log_loss(p, exp(b), part);
        }
    }
    return exp((low + high) / 2);
}

double nas_calibration_scaled(const nas_predictions *p)
{
    double sum = 0;
    for (int part = 0; part < 2; part++) {
        double temperature = nas_temperature_of(p, 1 - part);
        int64_t rows = (p->n + 1 - part) / 2;
        sum += nas_calibration_of(p, temperature, part).ece * (double)rows;
    }
    return p->n > 1 ? sum / (double)p->n : (double)NAN;
}

/* ---- rows ---------------------------------------------------------------- */

typedef double (*row_value)(const nas_predictions *p, int64_t row);

/* Large for rows that are answered badly; no number for those that are answered right. */
static double badness(const nas_predictions *p, int64_t row)
{
    const float *y = p->outputs + row * p->n_outputs;
    if (p->labels != NULL)
        return nas_answer_of(y, p->n_outputs) == p->labels[row]
                   ? (double)NAN
                   : -(double)y[p->labels[row]];
    double sum = 0;
    for (int64_t k = 0; k < p->n_outputs; k++) {
        double d = (double)y[k] - (double)p->targets[row * p->n_outputs + k];
        sum += d * d;
    }
    return sum;
}

static double closeness(const nas_predictions *p, int64_t row)
{
    const float *y = p->outputs + row * p->n_outputs;
    int64_t best = nas_answer_of(y, p->n_outputs);
    double second = 0;
    for (int64_t k = 0; k < p->n_outputs; k++)
        if (k != best && (double)y[k] > second)
            second = (double)y[k];
    return second - (double)y[best];
}

static int largest_rows(const nas_predictions *p, row_value value, int64_t *out)
{
    double kept[NAS_HARDEST];
    int n = 0;
    for (int64_t i = 0; i < p->n; i++) {
        double v = value(p, i);
        if (isnan(v))
            continue;
        int at = n < NAS_HARDEST ? n++ : NAS_HARDEST;
        if (at == NAS_HARDEST && v <= kept[NAS_HARDEST - 1])
            continue;
        at = at == NAS_HARDEST ? NAS_HARDEST - 1 : at;
        for (; at > 0 && kept[at - 1] < v; at--) {
            kept[at] = kept[at - 1];
            out[at] = out[at - 1];
        }
        kept[at] = v;
        out[at] = i;
    }
    return n;
}

int nas_hardest_rows(const nas_predictions *p, int64_t *out)
{
    return largest_rows(p, badness, out);
}

int nas_unsure_rows(const nas_predictions *p, int64_t *out)
{
    return p->labels != NULL ? largest_rows(p, closeness, out) : 0;
}

/* ---- JSON ---------------------------------------------------------------- */

static int64_t count_pairs(const nas_predictions *p, int64_t truth, int64_t answer)
{
    int64_t n = 0;
    for (int64_t i = 0; i < p->n; i++)
        n += p->labels[i] == truth &&
             nas_answer_of(p->outputs + i * p->n_outputs, p->n_outputs) == answer;
    return n;
}

void nas_answers_write_confusion(const nas_predictions *p, nas_json *json)
{
    nas_json_array_begin(json);
    for (int64_t truth = 0; truth < p->n_outputs; truth++) {
        nas_json_array_begin(json);
        for (int64_t answer = 0; answer < p->n_outputs; answer++)
            nas_json_int(json, count_pairs(p, truth, answer));
        nas_json_array_end(json);
    }
    nas_json_array_end(json);
}

void nas_answers_write_calibration(const nas_predictions *p, double temperature,
                                   nas_json *json)
{
    nas_calibration c = nas_calibration_of(p, 1, 2);
    nas_json_object_begin(json);
    nas_json_key_real(json, "ece", c.ece);
    nas_json_key_real(json, "temperature", temperature);
    nas_json_key_real(json, "ece_scaled", nas_calibration_of(p, temperature, 2).ece);
    nas_json_key(json, "bins");
    nas_json_array_begin(json);
    for (int b = 0; b < NAS_CALIBRATION_BINS; b++) {
        nas_json_object_begin(json);
        nas_json_key_real(json, "confidence", c.bin[b].confidence);
        nas_json_key_real(json, "accuracy", c.bin[b].accuracy);
        nas_json_key_int(json, "n", c.bin[b].n);
        nas_json_object_end(json);
    }
    nas_json_array_end(json);
    nas_json_object_end(json);
}
