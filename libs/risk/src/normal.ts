/**
 * Normal distribution functions that stay accurate in both tails.
 *
 * Source of the rational approximations: W. J. Cody, "Rational Chebyshev Approximations for the Error
 * Function", Math. Comp. 23 (1969), 631–637, tables for erf (|x| ≤ 0.46875), erfc (0.46875 ≤ x ≤ 4) and
 * erfc (x ≥ 4). Relative error of erfcx below 1e-15, of Φ, φ and ln Φ below 2e-16·(5 + x²), since x/√2 is rounded.
 */
const SQRT1_2 = Math.SQRT1_2;
const INV_SQRT_PI = 0.5641895835477562869;
const LOG_SQRT_2PI = 0.9189385332046727418;

/** erf(x) for |x| ≤ 0.46875. */
function erfNearZero(x: number): number {
  const y = x * x;
  const numerator =
    (((0.185777706184603153 * y + 3.1611237438705656) * y + 113.864154151050156) * y + 377.485237685302021) *
      y +
    3209.37758913846947;
  const denominator =
    (((y + 23.6012909523441209) * y + 244.024637934444173) * y + 1282.61652607737228) * y +
    2844.23683343917062;
  return (x * numerator) / denominator;
}

/** erfcx(x) = exp(x²)·erfc(x) for 0.46875 ≤ x ≤ 4. */
function erfcxMiddle(x: number): number {
  const numerator =
    (((((((2.15311535474403846e-8 * x + 0.564188496988670089) * x + 8.88314979438837594) * x +
      66.1191906371416295) *
      x +
      298.635138197400131) *
      x +
      881.95222124176909) *
      x +
      1712.04761263407058) *
      x +
      2051.07837782607147) *
      x +
    1230.33935479799725;
  const denominator =
    (((((((x + 15.7449261107098347) * x + 117.693950891312499) * x + 537.181101862009858) * x +
      1621.38957456669019) *
      x +
      3290.79923573345963) *
      x +
      4362.61909014324716) *
      x +
      3439.36767414372164) *
      x +
    1230.33935480374942;
  return numerator / denominator;
}

/** erfcx(x) for x ≥ 4. */
function erfcxTail(x: number): number {
  const y = 1 / (x * x);
  const numerator =
    ((((0.0163153871373020978 * y + 0.305326634961232344) * y + 0.360344899949804439) * y +
      0.125781726111229246) *
      y +
      0.0160837851487422766) *
      y +
    6.58749161529837803e-4;
  const denominator =
    ((((y + 2.56852019228982242) * y + 1.87295284992346725) * y + 0.527905102951428412) * y +
      0.0605183413124413191) *
      y +
    0.00233520497626869185;
  return (INV_SQRT_PI - (y * numerator) / denominator) / x;
}

/** exp(−x²) without the rounding error of squaring x first (Cody's splitting at 1/16). */
function expMinusSquare(x: number): number {
  const head = Math.trunc(x * 16) / 16;
  return Math.exp(-head * head) * Math.exp(-(x - head) * (x + head));
}

/** Scaled complementary error function exp(x²)·erfc(x), for x ≥ 0. */
export function erfcx(x: number): number {
  if (x <= 0.46875) return Math.exp(x * x) * (1 - erfNearZero(x));
  return x <= 4 ? erfcxMiddle(x) : erfcxTail(x);
}

/** Standard normal density φ(x). */
export function normalDensity(x: number): number {
  return 0.39894228040143267794 * expMinusSquare(x * SQRT1_2);
}

/** ln φ(x). */
export function logNormalDensity(x: number): number {
  return -0.5 * x * x - LOG_SQRT_2PI;
}

/** Standard normal distribution function Φ(x), relative accuracy kept for x → −∞. */
export function normalCdf(x: number): number {
  const z = Math.abs(x) * SQRT1_2;
  if (z <= 0.46875) return 0.5 + 0.5 * erfNearZero(x * SQRT1_2);
  const upperTail = 0.5 * expMinusSquare(z) * (z <= 4 ? erfcxMiddle(z) : erfcxTail(z));
  return x < 0 ? upperTail : 1 - upperTail;
}

/** ln Φ(x), accurate for every finite x (Φ itself underflows below −38). */
export function logNormalCdf(x: number): number {
  const z = Math.abs(x) * SQRT1_2;
  if (z <= 0.46875) return Math.log(0.5 + 0.5 * erfNearZero(x * SQRT1_2));
  if (x > 0) return Math.log1p(-0.5 * expMinusSquare(z) * (z <= 4 ? erfcxMiddle(z) : erfcxTail(z)));
  return -0.5 * x * x + Math.log(0.5 * (z <= 4 ? erfcxMiddle(z) : erfcxTail(z)));
}

/**
 * Expected positive part of a standard normal shifted by d: ψ(d) = E[(Z+d)⁺] = d·Φ(d) + φ(d), Bachelier's
 * formula at unit volatility. For d < 0 it is written with the scaled tail, φ(d)·(1 − |d|·Φ(d)/φ(d)).
 */
export function expectedPositivePart(d: number): number {
  if (d >= 0) return d * normalCdf(d) + normalDensity(d);
  const z = -d * SQRT1_2;
  const millsRatio = 1.2533141373155002512 * erfcx(z);
  return normalDensity(d) * Math.max(0, 1 + d * millsRatio);
}
