import { InvalidInputError } from '#lib/errors';
import { MOST_SCENARIOS, type Scenario } from './parameters.js';

export interface ScenarioInput {
  readonly markets: readonly string[];
  /** markets that move together, by the cluster's name */
  readonly clusters: Readonly<Record<string, readonly string[]>>;
  /** largest move of a market within an hour over two years, positive; of a market without one nothing is known */
  readonly worstHour: Readonly<Record<string, number | undefined>>;
  /** relative changes of all markets in the hours that were worst for many at once, the worst first */
  readonly jointHours: readonly Readonly<Record<string, number>>[];
}

const MARKET_MOVES = [0.05, 0.1, 0.15];
const CLUSTER_MOVE = 0.1;
const LEAST_ALONE = 0.1;

/**
 * The scenarios of a margin's parameters: all markets by 5, 10 and 15 %, each cluster by 10 %, each market alone by its
 * worst hour but at least 10 %, and of the worst joint hours as many as fit; each with both signs, where a price would not
 * fall below zero. With the others a market moves by no more than it does alone, where that is known: 15 % in an hour is half
 * as much again as bitcoin's worst.
 *
 * @throws {InvalidInputError} for a worst hour that is none, and where even without joint hours there are too many
 */
export function buildScenarios({ markets, clusters, worstHour, jointHours }: ScenarioInput): Scenario[] {
  const scenarios: Scenario[] = [];
  const add = (name: string, sign: 1 | -1, move: (market: string) => number) => {
    const shocks = markets.map((market) => sign * move(market) || 0);
    if (shocks.every((shock) => shock >= -1)) scenarios.push({ name, shocks });
  };
  const addBoth = (name: string, move: (market: string) => number) => {
    add(`${name} down`, -1, move);
    add(`${name} up`, 1, move);
  };
  const alone = (market: string): number | undefined => {
    const worst = worstHour[market];
    return worst === undefined ? undefined : Math.max(LEAST_ALONE, Math.min(worst, 1));
  };
  for (const [market, worst] of Object.entries(worstHour))
    if (worst !== undefined && !(worst >= 0 && worst < Infinity))
      throw new InvalidInputError(`worstHour.${market}`, `must be a move that is not negative, got ${worst}`);
  for (const move of MARKET_MOVES)
    addBoth(`market ${100 * move} %`, (market) => Math.min(move, alone(market) ?? move));
  for (const [name, members] of Object.entries(clusters)) {
    const inside = new Set(members);
    addBoth(`cluster ${name}`, (market) => (inside.has(market) ? CLUSTER_MOVE : 0));
  }
  for (const one of markets)
    addBoth(`${one} alone`, (market) => (market === one ? (alone(market) ?? LEAST_ALONE) : 0));
  if (scenarios.length > MOST_SCENARIOS) {
    throw new InvalidInputError(
      'markets',
      `need ${scenarios.length} scenarios, at most ${MOST_SCENARIOS} fit`,
    );
  }
  jointHours.forEach((moves, i) => {
    if (scenarios.length + 2 > MOST_SCENARIOS) return;
    add(`joint hour ${i + 1}`, 1, (market) => moves[market] ?? 0);
    add(`joint hour ${i + 1} reversed`, -1, (market) => moves[market] ?? 0);
  });
  return scenarios;
}
