import { LAYOUTS, SHARED } from './generated/layout.js';
import { magnitude } from './fixed-point.js';

export type CircuitName = keyof typeof LAYOUTS;
type Values = ReadonlyMap<string, readonly bigint[]>;

/** Names and lengths of a circuit's public values, in order, as the builders wrote them. */
export function layoutOf(circuit: CircuitName): (readonly [name: string, length: number])[] {
  return Object.entries(LAYOUTS[circuit].values).map(([name, { length }]) => [name, length] as const);
}

/** Reads a circuit's public values as numbers: an integer times the unit its layout gives. */
export function numbersOf(circuit: CircuitName, values: Values) {
  const layout: Record<string, { readonly bits: number }> = LAYOUTS[circuit].values;
  return (name: string): number[] => values.get(name)!.map((value) => Number(value) / 2 ** layout[name].bits);
}

/** Collects why public values do not hold. Integers only, as contracts compare them. */
export class Judgement {
  readonly failures: string[] = [];

  constructor(private readonly values: Values) {}

  integers(name: string): readonly bigint[] {
    return this.values.get(name)!;
  }

  check(holds: boolean, failure: string): void {
    if (!holds) this.failures.push(failure);
  }

  /** Each of |values| is at most the bound of its place. */
  within(name: string, bound: (at: number) => bigint): void {
    this.integers(name).forEach((value, at) => {
      this.check(
        magnitude(value) <= bound(at),
        `${name}[${at}] ${value} is above its tolerance ${bound(at)}`,
      );
    });
  }

  between(name: string, low: number, high: number): void {
    this.integers(name).forEach((value, at) => {
      this.check(
        value >= BigInt(low) && value <= BigInt(high),
        `${name}[${at}] ${value} is not in [${low}, ${high}]`,
      );
    });
  }
}

/** Largest distance of a tilt's entropy from the budget, either way: it pins the tilt. */
export function slackTolerance(tilt: bigint): bigint {
  return BigInt(SHARED.slackTolerance) + (tilt >> BigInt(SHARED.slackShift));
}

/**
 * The conditions of one sandwich a state: tilts and volatilities within their ranges, residuals that are roundings, and tilts that
 * are the optimal ones. Each tolerance is half of the private value's divisor.
 *
 * @param volatility s of each state
 */
export function judgeSandwiches(judgement: Judgement, volatility: readonly bigint[]): void {
  const states = volatility.length;
  const tilt = judgement.integers('tilt');
  judgeVolatility(judgement, volatility);
  judgement.between('tilt', 1, SHARED.largestTilt);
  const half = (value: bigint) => (value >> 1n) + 1n;
  judgement.within('residualRatio', (at) => half(volatility[at % states]));
  judgement.within('residualInverse', () => BigInt(SHARED.inverseTolerance));
  judgement.within('residualLog', () => BigInt(SHARED.logTolerance));
  judgement.within('residualProbability', () => BigInt(SHARED.probabilityTolerance));
  judgement.within('residualDensity', () => BigInt(SHARED.densityTolerance));
  judgement.within('residualUpper', (at) => half(tilt[at]));
  judgement.within('slack', (at) => slackTolerance(tilt[at]));
}

/** Upper bounds that are the measure itself must be right to a thousandth, whatever their rounding. */
export function judgeUpper(judgement: Judgement): void {
  judgement.integers('upper').forEach((upper, at) => {
    judgement.check(
      upper >= BigInt(SHARED.smallestUpper),
      `upper[${at}] ${upper} is below ${SHARED.smallestUpper}: too small to be right to a thousandth`,
    );
  });
}

/** Volatilities that residuals are divided by are not small beside their own rounding. */
export function judgeVolatility(judgement: Judgement, volatility: readonly bigint[]): void {
  volatility.forEach((s, at) => {
    judgement.check(
      s >= BigInt(SHARED.smallestVolatility) && s <= BigInt(SHARED.largestVolatility),
      `volatility[${at}] ${s} is not in [${SHARED.smallestVolatility}, ${SHARED.largestVolatility}]`,
    );
  });
}
