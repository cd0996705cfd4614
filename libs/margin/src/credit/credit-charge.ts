const ROOT_3 = Math.sqrt(3);
/** From this many scales of equity on the closed form loses digits and its series is exact. */
const FAR = 20;
/** 1/19, 1/17 … 1/3 */
const INVERSE_ODD = [19, 17, 15, 13, 11, 9, 7, 5, 3].map((power) => 1 / power);
/** Gains on real prices were this much above the fair value of the option at most. */
const LOADING = 1.5;

/**
 * Expected deficit of an account whose value moves by s·t, t of Student's distribution with three degrees of freedom and
 * unit variance: with b = s/√3, q = E/b,
 *
 *     V = (b/π)(√3 − q(π/2 − arctan(q/√3))).
 *
 * Under a normal distribution an account with its margin would be charged nothing; prices are not so kind.
 *
 * @param deviation s, standard deviation of the account's value over the horizon, money; not negative
 * @param equity E, money
 * @returns V, money
 */
export function expectedDeficit(deviation: number, equity: number): number {
  if (deviation === 0) return Math.max(-equity, 0);
  const scale = deviation / ROOT_3;
  const q = equity / scale;
  if (q > FAR) {
    // q·(√3/q − arctan(√3/q)) = q·(u³/3 − u⁵/5 + …), u = √3/q.
    const square = 3 / (q * q);
    let series = 0;
    for (let k = 0; k < INVERSE_ODD.length; k++) series = INVERSE_ODD[k] - square * series;
    return (scale / Math.PI) * ROOT_3 * square * series;
  }
  return (scale / Math.PI) * (ROOT_3 - q * (Math.PI / 2 - Math.atan(q / ROOT_3)));
}

/**
 * The price of an account's default option, money per unit of time: 1.5·V/h.
 *
 * @param horizon h, over which the deviation is, in the unit of time of the rate
 */
export function creditChargeRate(deviation: number, equity: number, horizon: number): number {
  return (LOADING * expectedDeficit(deviation, equity)) / horizon;
}
