/** How LM-GO is estimated. The defaults were fixed on other data than those it is judged on. */
export interface LmGoOptions {
  /** half-life of the weights of variances and correlations, bars; default 200 */
  readonly halfLife?: number;
  /** τ, decay times of the averages of each factor's square, bars; default 4, 36, 324 */
  readonly decayTimes?: readonly number[];
  /** ln τ₀ scales the averages' weights 1 − ln τ/ln τ₀; default 1560 */
  readonly cutOff?: number;
  /** weight of the newest bar in the common variance that returns are divided by before correlations; default 0.1 */
  readonly devolatilisation?: number;
  /** smallest share of a market's own variance in the regression for the factors; default 0.02 */
  readonly smallestOwnShare?: number;
  /** a_0, weight of a factor's level in its variance; default 0 */
  readonly constant?: number;
  /** bars over which the variance ratio is measured; default 12 */
  readonly varianceRatioHorizon?: number;
  /** variance of the prior that shrinks variance ratios towards 1; default 0.01 */
  readonly varianceRatioPrior?: number;
  /** share of the window's variance in a factor's level, the rest being 1; default 0.5 */
  readonly levelShare?: number;
  /** K; default by Marchenko–Pastur */
  readonly factors?: number;
}

/**
 * A fitted long-memory GO-GARCH model, plain data: r_t = Z f_t, Σ_t = Z D_t Zᵀ with Z = [B | diag(s)]: K common factors and one of
 * each market's own. W = [W_f ; diag(1/s)(1 − B W_f)] has Z W = 1 whatever B, W_f and s are. Matrices are row-major; JSON.stringify and
 * back loses nothing.
 */
export interface LmGoModel {
  readonly kind: 'lm-go';
  /** n names */
  readonly markets: readonly string[];
  /** T, bars in the window */
  readonly observations: number;
  /** K */
  readonly factors: number;
  /** B, n×K: log return per unit of a common factor */
  readonly loadings: readonly number[];
  /** W_f, K×n */
  readonly unmixing: readonly number[];
  /** s, n: log return per unit of a market's own factor */
  readonly deviations: readonly number[];
  /** c, K+n: long-run variance of each factor, the common ones first */
  readonly levels: readonly number[];
  /** λ_i of O′ = λO + (1−λ)f² */
  readonly decays: readonly number[];
  /** a_i of h = a_0 c + Σ a_i O_i; with a_0 they add up to 1 */
  readonly weights: readonly number[];
  /** a_0 */
  readonly constant: number;
  /** ratio of the variance over `horizon` bars to as many variances over one, of all common and of all own factors */
  readonly varianceRatio: { readonly horizon: number; readonly common: number; readonly own: number };
  /** O at the end of the window, (K+n)×I */
  readonly state: readonly number[];
}
