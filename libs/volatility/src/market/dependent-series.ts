/** Series that are linear combinations of earlier ones: residual variance below 1e-10 in a Cholesky sweep of their correlation, n×n row-major. */
export function dependentSeries(correlation: Float64Array, n: number): number[] {
  const factor = new Float64Array(n * n);
  const dependent: number[] = [];
  for (let i = 0; i < n; i++) {
    let residual = 1;
    for (let j = 0; j < i; j++) {
      if (factor[j * n + j] === 0) continue;
      let value = correlation[i * n + j];
      for (let l = 0; l < j; l++) value -= factor[i * n + l] * factor[j * n + l];
      const entry = value / factor[j * n + j];
      factor[i * n + j] = entry;
      residual -= entry * entry;
    }
    if (residual < 1e-10) dependent.push(i);
    else factor[i * n + i] = Math.sqrt(residual);
  }
  return dependent;
}
