const ROOT_5 = Math.sqrt(5);

/**
 * Analytical nonlinear shrinkage of the eigenvalues of a sample covariance: each sample eigenvalue is replaced by an estimate of
 * the variance that its eigenvector has out of sample.
 *
 * Source: Ledoit & Wolf, Annals of Statistics 48 (2020), equations 4.7–4.9 and theorem 4.1, for fewer series than observations.
 *
 * @param eigenvalues of the sample covariance, positive, p < `observations`
 * @param observations effective number of observations
 * @returns shrunk eigenvalues, in the order given
 */
export function nonlinearShrinkage(eigenvalues: Float64Array, observations: number): Float64Array {
  const p = eigenvalues.length;
  const bandwidth = observations ** (-1 / 3);
  const concentration = p / observations;
  return eigenvalues.map((eigenvalue) => {
    let density = 0;
    let hilbert = 0;
    for (let j = 0; j < p; j++) {
      const width = bandwidth * eigenvalues[j];
      const x = (eigenvalue - eigenvalues[j]) / width;
      const kernel = 1 - (x * x) / 5;
      density += ((3 / 4 / ROOT_5) * Math.max(kernel, 0)) / width;
      let transform = (-3 / 10 / Math.PI) * x;
      // At the kernel's edge its second term is 0·∞ and has the limit 0.
      if (Math.abs(Math.abs(x) - ROOT_5) >= 1e-12) {
        transform += (3 / 4 / ROOT_5 / Math.PI) * kernel * Math.log(Math.abs((ROOT_5 - x) / (ROOT_5 + x)));
      }
      hilbert += transform / width;
    }
    density /= p;
    hilbert /= p;
    const imaginary = Math.PI * concentration * eigenvalue * density;
    const real = 1 - concentration - Math.PI * concentration * eigenvalue * hilbert;
    return eigenvalue / (imaginary * imaginary + real * real);
  });
}
