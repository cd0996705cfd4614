/** Two-sided 5 % of a standard normal. */
const CRITICAL = 1.959963984540054;

/**
 * Whether Mardia's kurtosis finds series no different from Gaussian ones at 5 %. No rotation changes the kurtosis: such series have no
 * independent components to be found, and each rotation is as good as another.
 *
 * Source: Mardia, Biometrika 57 (1970), section 3; its mean k(k+2)(T−1)/(T+1) is that of whitening by the sample's own moments.
 *
 * @param whitened k×T, row-major, unit second moments
 */
export function isGaussian(whitened: Float64Array, k: number): boolean {
  const length = whitened.length / k;
  let kurtosis = 0;
  for (let t = 0; t < length; t++) {
    let square = 0;
    for (let i = 0; i < k; i++) square += whitened[i * length + t] ** 2;
    kurtosis += (square * square) / length;
  }
  const expected = (k * (k + 2) * (length - 1)) / (length + 1);
  return Math.abs(kurtosis - expected) < CRITICAL * Math.sqrt((8 * k * (k + 2)) / length);
}
