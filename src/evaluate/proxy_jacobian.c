/* Proxies from the Jacobian of the outputs' sum with respect to the inputs.
 *
 * J. Mellor, J. Turner, A. Storkey, E. Crowley: Neural Architecture Search without
 * Training. First version, 2020. arXiv:2006.04647v1 (jacov)
 * V. Lopes, S. Alirezazadeh, L. Alexandre: EPE-NAS: Efficient Performance Estimation
 * Without Training for Neural Architecture Search. ICANN 2021. arXiv:2102.08099
 *
 * Deviations
 * 1. epe_nas: a class with fewer than two samples in the batch adds nothing; without
 *    classes all samples are of one.
 *
 * Notation: J [n][C*H*W] rows of samples; R their correlations; v eigenvalues of R. */
#include "evaluate/matrix.h"
#include "evaluate/probe.h"

#include <math.h>
#include <string.h>

static const double K = 1e-5;

static nas_status score_jacov(nas_probe *probe, double *out, nas_err *err)
{
    const int n = probe->batch->n;
    const int64_t size = nas_shape_count(probe->batch->shape);
    double *r = NAS_NEW(probe->arena, double, n *n);
    double *v = NAS_NEW(probe->arena, double, n);
    NAS_TRY_ALLOC(r, err);
    NAS_TRY_ALLOC(v, err);
    NAS_TRY(nas_probe_jacobian(probe, err));
    nas_matrix_correlations(probe->jacobian, n, size, r);
    for (int i = 0; i < n; i++)
        if (isnan(r[i * n + i]))
            return NAS_OK; /* a sample that no output depends on */
    nas_matrix_eigenvalues(r, n, v);
    *out = 0;
    for (int i = 0; i < n; i++) {
        const double raised = fmax(v[i], 0) + K; /* rounding may leave them below 0 */
        *out -= log(raised) + 1 / raised;
    }
    return NAS_OK;
}

/* |sum of log(|R| + k)| over the samples of one class. */
static nas_status score_class(nas_probe *probe, int32_t class, double *out, nas_err *err)
{
    const nas_proxy_batch *batch = probe->batch;
    const int64_t size = nas_shape_count(batch->shape);
    float *rows = NAS_NEW(probe->arena, float, batch->n *size);
    double *r = NAS_NEW(probe->arena, double, batch->n * batch->n);
    NAS_TRY_ALLOC(rows, err);
    NAS_TRY_ALLOC(r, err);
    int n = 0;
    for (int i = 0; i < batch->n; i++)
        if (batch->labels == NULL || batch->labels[i] == class)
            memcpy(rows + n++ * size, probe->jacobian + i * size,
                   (size_t)size * sizeof *rows);
    if (n < 2)
        return NAS_OK;
    double sum = 0;
    nas_matrix_correlations(rows, n, size, r);
    for (int i = 0; i < n * n; i++)
        sum += log(fabs(r[i]) + K);
    *out += fabs(sum);
    return NAS_OK;
}

static nas_status score_epe_nas(nas_probe *probe, double *out, nas_err *err)
{
    const nas_proxy_batch *batch = probe->batch;
    const int64_t classes = batch->labels != NULL ? batch->n_outputs : 1;
    NAS_TRY(nas_probe_jacobian(probe, err));
    *out = 0;
    for (int64_t c = 0; c < classes; c++)
        NAS_TRY(score_class(probe, (int32_t)c, out, err));
    return NAS_OK;
}

const nas_proxy nas_proxy_jacov = {
    .name = "jacov",
    .summary = "how differently outputs depend on the samples",
    .cite = "mellor2021naswot",
    .drawn = true,
    .score = score_jacov,
};

const nas_proxy nas_proxy_epe_nas = {
    .name = "epe_nas",
    .summary = "the same within classes",
    .cite = "lopes2021epenas",
    .drawn = true,
    .score = score_epe_nas,
};
