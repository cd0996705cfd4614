/*
 * A flat interface over OSQP 0.6.3: pointers are offsets in linear memory, settings an array of doubles in which
 * NaN keeps OSQP's default. Everything that interprets results is on the other side, in TypeScript.
 */
#include <stdlib.h>
#include "osqp.h"

#define EXPORT(name) __attribute__((export_name(#name)))

/* The order of src/settings.ts. */
enum {
  RHO_SETTING, SIGMA_SETTING, ALPHA_SETTING, SCALING_SETTING, MAX_ITER_SETTING, EPS_ABS_SETTING, EPS_REL_SETTING,
  EPS_PRIM_INF_SETTING, EPS_DUAL_INF_SETTING, ADAPTIVE_RHO_SETTING, ADAPTIVE_RHO_INTERVAL_SETTING,
  ADAPTIVE_RHO_TOLERANCE_SETTING, POLISH_SETTING, POLISH_REFINE_ITER_SETTING, DELTA_SETTING,
  SCALED_TERMINATION_SETTING, CHECK_TERMINATION_SETTING, WARM_START_SETTING
};

static void read_settings(OSQPSettings *s, const double *v) {
  osqp_set_default_settings(s);
  s->verbose = 0;
#define TAKE(index, field) if (v[index] == v[index]) s->field = v[index]
  TAKE(RHO_SETTING, rho);
  TAKE(SIGMA_SETTING, sigma);
  TAKE(ALPHA_SETTING, alpha);
  TAKE(SCALING_SETTING, scaling);
  TAKE(MAX_ITER_SETTING, max_iter);
  TAKE(EPS_ABS_SETTING, eps_abs);
  TAKE(EPS_REL_SETTING, eps_rel);
  TAKE(EPS_PRIM_INF_SETTING, eps_prim_inf);
  TAKE(EPS_DUAL_INF_SETTING, eps_dual_inf);
  TAKE(ADAPTIVE_RHO_SETTING, adaptive_rho);
  TAKE(ADAPTIVE_RHO_INTERVAL_SETTING, adaptive_rho_interval);
  TAKE(ADAPTIVE_RHO_TOLERANCE_SETTING, adaptive_rho_tolerance);
  TAKE(POLISH_SETTING, polish);
  TAKE(POLISH_REFINE_ITER_SETTING, polish_refine_iter);
  TAKE(DELTA_SETTING, delta);
  TAKE(SCALED_TERMINATION_SETTING, scaled_termination);
  TAKE(CHECK_TERMINATION_SETTING, check_termination);
  TAKE(WARM_START_SETTING, warm_start);
}

EXPORT(wasm_malloc) void *wasm_malloc(int bytes) { return malloc(bytes); }
EXPORT(wasm_free) void wasm_free(void *pointer) { free(pointer); }

/* The solver, or null with *error set. OSQP copies its arguments. */
EXPORT(wasm_setup) OSQPWorkspace *wasm_setup(
    int n, int m, int *Pp, int *Pi, double *Px, double *q, int *Ap, int *Ai, double *Ax, double *l, double *u,
    double *settings_values, int *error) {
  OSQPSettings settings;
  OSQPWorkspace *work = 0;
  csc P = {.nzmax = Pp[n], .m = n, .n = n, .p = Pp, .i = Pi, .x = Px, .nz = -1};
  csc A = {.nzmax = Ap[n], .m = m, .n = n, .p = Ap, .i = Ai, .x = Ax, .nz = -1};
  OSQPData data = {.n = n, .m = m, .P = &P, .A = &A, .q = q, .l = l, .u = u};
  read_settings(&settings, settings_values);
  *error = osqp_setup(&work, &data, &settings);
  if (*error && work) {
    osqp_cleanup(work);
    work = 0;
  }
  return work;
}

/*
 * 0 where P + shift·I factorises with positive pivots alone. OSQP's own check at set-up looks at the whole KKT matrix,
 * whose inertia is right whenever P + sigma·I + rho·A'A is positive definite: it accepts many a P that is not convex.
 */
EXPORT(wasm_convexity) int wasm_convexity(int n, int *Pp, int *Pi, double *Px, double *zeros, double shift) {
  OSQPSettings settings;
  OSQPWorkspace *work = 0;
  int no_columns[1] = {0};
  double nothing[1] = {0};
  int *Ap = calloc(n + 1, sizeof(int));
  csc P = {.nzmax = Pp[n], .m = n, .n = n, .p = Pp, .i = Pi, .x = Px, .nz = -1};
  csc A = {.nzmax = 0, .m = 0, .n = n, .p = Ap, .i = no_columns, .x = nothing, .nz = -1};
  OSQPData data = {.n = n, .m = 0, .P = &P, .A = &A, .q = zeros, .l = nothing, .u = nothing};
  int error;
  if (!Ap) return OSQP_MEM_ALLOC_ERROR;
  osqp_set_default_settings(&settings);
  settings.verbose = 0;
  settings.scaling = 0;
  settings.sigma = shift;
  error = osqp_setup(&work, &data, &settings);
  if (work) osqp_cleanup(work);
  free(Ap);
  return error;
}

EXPORT(wasm_update_cost) int wasm_update_cost(OSQPWorkspace *w, double *q) { return osqp_update_lin_cost(w, q); }
EXPORT(wasm_update_bounds) int wasm_update_bounds(OSQPWorkspace *w, double *l, double *u) {
  return osqp_update_bounds(w, l, u);
}
/* New values for the stored entries, all, in their order; a null pointer keeps the matrix. */
EXPORT(wasm_update_matrices) int wasm_update_matrices(OSQPWorkspace *w, double *Px, int Pn, double *Ax, int An) {
  if (Px && Ax) return osqp_update_P_A(w, Px, OSQP_NULL, Pn, Ax, OSQP_NULL, An);
  if (Px) return osqp_update_P(w, Px, OSQP_NULL, Pn);
  return osqp_update_A(w, Ax, OSQP_NULL, An);
}
EXPORT(wasm_warm_start) int wasm_warm_start(OSQPWorkspace *w, double *x, double *y) {
  if (x && y) return osqp_warm_start(w, x, y);
  if (x) return osqp_warm_start_x(w, x);
  return osqp_warm_start_y(w, y);
}
EXPORT(wasm_solve) int wasm_solve(OSQPWorkspace *w) { return osqp_solve(w); }
EXPORT(wasm_x) double *wasm_x(OSQPWorkspace *w) { return w->solution->x; }
EXPORT(wasm_y) double *wasm_y(OSQPWorkspace *w) { return w->solution->y; }
EXPORT(wasm_primal_certificate) double *wasm_primal_certificate(OSQPWorkspace *w) { return w->delta_y; }
EXPORT(wasm_dual_certificate) double *wasm_dual_certificate(OSQPWorkspace *w) { return w->delta_x; }
/* status, polish status, iterations, rho updates, objective, primal residual, dual residual, rho estimate */
EXPORT(wasm_result) void wasm_result(OSQPWorkspace *w, double *out) {
  OSQPInfo *info = w->info;
  out[0] = info->status_val;
  out[1] = info->status_polish;
  out[2] = info->iter;
  out[3] = info->rho_updates;
  out[4] = info->obj_val;
  out[5] = info->pri_res;
  out[6] = info->dua_res;
  out[7] = info->rho_estimate;
}
EXPORT(wasm_cleanup) int wasm_cleanup(OSQPWorkspace *w) { return osqp_cleanup(w); }
