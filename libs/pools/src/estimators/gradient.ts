import type { PricePath } from '../prices.js';

/**
 * Relative gradients of prices, exponentially weighted: the slope of a weighted linear fit, by step, over the moving average.
 *
 * With e the moving average and a = λa + (p − e)/(1−λ): ∇p/p = (1−λ)³/λ · a/e.
 *
 * @param decays λ of each asset, in (0, 1)
 * @returns T × n; the first row is 0
 * @see QuantAMM's litepaper on temporal-function market making, "gradients of prices"
 */
export function priceGradients({ rows, assets, values }: PricePath, decays: ArrayLike<number>): Float64Array {
  const gradients = new Float64Array(rows * assets);
  for (let i = 0; i < assets; i++) {
    const decay = decays[i];
    const fresh = 1 - decay;
    const scale = fresh ** 3 / decay;
    let average = values[i];
    let running = 0;
    for (let at = assets + i; at < rows * assets; at += assets) {
      average += fresh * (values[at] - average);
      running = decay * running + (values[at] - average) / fresh;
      gradients[at] = (running * scale) / average;
    }
  }
  return gradients;
}
