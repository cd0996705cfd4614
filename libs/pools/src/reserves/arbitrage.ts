/**
 * The trade that pays an arbitrageur most, with fees on amounts into the pool (γ = 1 − fee). Each function writes the changes
 * of the reserves to `changes` and returns the profit in quote currency, 0 where nothing pays.
 *
 * With y_i = R_i·p_i/w_i, which are equal where the pool's prices are the market's, a trade of i for j pays where γ·y_j > y_i.
 *
 * @see Willetts & Harrington, "Closed-form solutions for generic N-token AMM arbitrage", arXiv 2402.06731
 */
export type Arbitrage = (
  reserves: Float64Array,
  weights: Float64Array,
  prices: Float64Array,
  gamma: number,
  changes: Float64Array,
) => number;

/** One token in, one out: each pair has its own closed form, and the best is taken. */
export const bestPair: Arbitrage = (reserves, weights, prices, gamma, changes) => {
  const n = reserves.length;
  let best = 0;
  let into = 0;
  let outOf = 0;
  let most = [0, 0];
  for (let i = 0; i < n; i++) {
    const own = (reserves[i] * prices[i]) / weights[i];
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const apart = (gamma * ((reserves[j] * prices[j]) / weights[j])) / own;
      if (!(apart > 1)) continue;
      const share = weights[i] / (weights[i] + weights[j]);
      const log = Math.log(apart);
      const gained = (reserves[i] * Math.expm1((1 - share) * log)) / gamma;
      const given = reserves[j] * Math.expm1(-share * log);
      const profit = -(gained * prices[i] + given * prices[j]);
      if (profit > best) {
        [best, into, outOf] = [profit, i, j];
        most = [gained, given];
      }
    }
  }
  changes.fill(0);
  if (best > 0) {
    changes[into] = most[0];
    changes[outOf] = most[1];
  }
  return best;
};

/**
 * Any tokens in, any out: with E_i = R_i + γ·(amount in) − (amount out), the optimum is E_i = clip(R_i, γL·w_i/p_i, L·w_i/p_i),
 * at the L that keeps Σ w ln E. In logs the sum is piecewise linear in ln L and rises: Newton's steps hit the root as soon as they are
 * in its piece, and are kept within its bracket.
 */
export const bestOfAll: Arbitrage = (reserves, weights, prices, gamma, changes) => {
  const n = reserves.length;
  const logGamma = Math.log(gamma);
  let lowest = Infinity;
  let highest = -Infinity;
  for (let i = 0; i < n; i++) {
    const log = Math.log((reserves[i] * prices[i]) / weights[i]);
    changes[i] = log;
    lowest = Math.min(lowest, log);
    highest = Math.max(highest, log);
  }
  // Nobody's price differs from another's by more than the fee.
  if (!(highest + logGamma > lowest)) {
    changes.fill(0);
    return 0;
  }
  // At the highest nothing goes out, at the lowest nothing comes in: the root is between.
  let level = highest;
  for (let step = 0; step < 100; step++) {
    let sum = 0;
    let slope = 0;
    for (let i = 0; i < n; i++) {
      const short = level + logGamma - changes[i];
      const over = changes[i] - level;
      if (short > 0) {
        sum += weights[i] * short;
        slope += weights[i];
      } else if (over > 0) {
        sum -= weights[i] * over;
        slope += weights[i];
      }
    }
    if (sum > 0) highest = level;
    else lowest = level;
    let next = level - sum / slope;
    if (!(Math.abs(next - level) > 1e-16 * Math.abs(level))) break;
    if (!(next > lowest && next < highest)) next = (lowest + highest) / 2;
    level = next;
  }
  let profit = 0;
  for (let i = 0; i < n; i++) {
    const short = level + logGamma - changes[i];
    const over = changes[i] - level;
    changes[i] =
      short > 0 ? (reserves[i] * Math.expm1(short)) / gamma : over > 0 ? reserves[i] * Math.expm1(-over) : 0;
    profit -= changes[i] * prices[i];
  }
  return profit;
};
