/* One step of LSTM and GRU cells, see nas_cell_job. Products with weights are the conv
 * kernel's; here is what happens between them, element by element. The loops are plain
 * and go over one line at a time, so that the compiler makes vectors of them. */
#include "engine/kernels/kernel_list.h"
#include "engine/kernels/logistic.h"

/* Plane k of unit u among the gates. */
ALWAYS_INLINE float *gate_of(const nas_cell_job *job, int k, int u)
{
    return job->gates + ((ptrdiff_t)k * job->units + u) * job->plane;
}

/* gate = logistic(gate) over n elements. */
ALWAYS_INLINE void open_gate(int n, float *gate)
{
    for (int e = 0; e < n; e++)
        gate[e] = logistic(gate[e]);
}

void KERNEL(lstm_cell)(const nas_cell_job *job)
{
    const int n = job->blocks * LINE;
    for (int u = 0; u < job->units; u++) {
        float *restrict i = gate_of(job, 0, u), *restrict o = gate_of(job, 1, u);
        float *restrict f = gate_of(job, 2, u), *restrict g = gate_of(job, 3, u);
        float *restrict squashed = gate_of(job, 4, u);
        const float *restrict c = job->c + u * job->plane;
        float *restrict h_next = job->h_next + u * job->plane;
        float *restrict c_next = job->c_next + u * job->plane;
        open_gate(n, i);
        open_gate(n, o);
        open_gate(n, f);
        for (int e = 0; e < n; e++)
            g[e] = hyperbolic_tangent(g[e]);
        for (int e = 0; e < n; e++)
            c_next[e] = f[e] * c[e] + i[e] * g[e];
        for (int e = 0; e < n; e++)
            squashed[e] = hyperbolic_tangent(c_next[e]);
        for (int e = 0; e < n; e++)
            h_next[e] = o[e] * squashed[e];
    }
}

void KERNEL(lstm_cell_backward)(const nas_cell_job *job)
{
    const int n = job->blocks * LINE;
    for (int u = 0; u < job->units; u++) {
        float *restrict i = gate_of(job, 0, u), *restrict o = gate_of(job, 1, u);
        float *restrict f = gate_of(job, 2, u), *restrict g = gate_of(job, 3, u);
        const float *restrict squashed = gate_of(job, 4, u);
        const float *restrict c = job->c + u * job->plane;
        const float *restrict dh = job->dh + u * job->plane;
        float *restrict dc = job->dc + u * job->plane;
        for (int e = 0; e < n; e++) {
            const float t = squashed[e], d = dh[e];
            const float cell = dc[e] + d * o[e] * (1.0f - t * t);
            const float di = cell * g[e] * i[e] * (1.0f - i[e]);
            const float dg = cell * i[e] * (1.0f - g[e] * g[e]);
            dc[e] = cell * f[e];
            f[e] = cell * c[e] * f[e] * (1.0f - f[e]);
            o[e] = d * t * o[e] * (1.0f - o[e]);
            i[e] = di;
            g[e] = dg;
        }
    }
}

void KERNEL(gru_cell)(const nas_cell_job *job)
{
    const int n = job->blocks * LINE;
    for (int u = 0; u < job->units; u++) {
        float *restrict z = gate_of(job, 0, u), *restrict r = gate_of(job, 1, u);
        float *restrict candidate = gate_of(job, 2, u);
        const float *restrict carried = gate_of(job, 3, u);
        const float *restrict h = job->h + u * job->plane;
        float *restrict h_next = job->h_next + u * job->plane;
        open_gate(n, z);
        open_gate(n, r);
        for (int e = 0; e < n; e++)
            candidate[e] = hyperbolic_tangent(candidate[e] + r[e] * carried[e]);
        for (int e = 0; e < n; e++)
            h_next[e] = candidate[e] + z[e] * (h[e] - candidate[e]);
    }
}

void KERNEL(gru_cell_backward)(const nas_cell_job *job)
{
    const int n = job->blocks * LINE;
    for (int u = 0; u < job->units; u++) {
        float *restrict z = gate_of(job, 0, u), *restrict r = gate_of(job, 1, u);
        float *restrict candidate = gate_of(job, 2, u);
        float *restrict carried = gate_of(job, 3, u);
        const float *restrict h = job->h + u * job->plane;
        float *restrict dh = job->dh + u * job->plane;
        for (int e = 0; e < n; e++) {
            const float d = dh[e], y = candidate[e];
            const float dn = d * (1.0f - z[e]) * (1.0f - y * y);
            const float dr = dn * carried[e] * r[e] * (1.0f - r[e]);
            carried[e] = dn * r[e];
            dh[e] = d * z[e];
            z[e] = d * (h[e] - y) * z[e] * (1.0f - z[e]);
            r[e] = dr;
            candidate[e] = dn;
        }
    }
}
