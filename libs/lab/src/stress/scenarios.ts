import { covarianceTimes } from '#lib/risk';
import { deviationOf, type StressBook } from './stress-book.js';
import type { StressScenario } from './stress-outcome.js';

export interface ScenarioSources {
  /** markets that move together, by name */
  readonly clusters?: Readonly<Record<string, readonly number[]>>;
  /** relative moves of all markets in past hours, of which the worst for the book are taken */
  readonly history?: readonly Float64Array[];
}

const MARKET_MOVES = [-0.4, -0.2, -0.1, -0.05, 0.05, 0.1, 0.2, 0.4];
const CLUSTER_MOVE = 0.15;
const ALONE_MOVE = 0.3;
const FACTOR_DEVIATIONS = 4;
const TOGETHER_DEVIATIONS = 3;
const WORST_HOURS = 5;
const DEAD_MOVE = 0.1;
const WITHDRAWN = 0.5;

/** The grid: market-wide, clusters, single markets, factors, the worst hours there were, correlation of one, a dead feed, liquidity gone. */
export function stressGrid(
  book: StressBook,
  { clusters = {}, history = [] }: ScenarioSources = {},
): StressScenario[] {
  const { n, markets, forecast } = book;
  const all = (move: number) => new Float64Array(n).fill(move);
  const only = (members: readonly number[], move: number) => {
    const moves = new Float64Array(n);
    for (const i of members) moves[i] = move;
    return moves;
  };
  const percent = (move: number) => `${move > 0 ? '+' : '−'}${Math.round(100 * Math.abs(move))} %`;
  const grid: StressScenario[] = MARKET_MOVES.map((move) => ({
    name: `all markets ${percent(move)}`,
    moves: all(move),
  }));
  for (const [name, members] of Object.entries(clusters))
    for (const move of [-CLUSTER_MOVE, CLUSTER_MOVE])
      grid.push({ name: `cluster ${name} ${percent(move)}`, moves: only(members, move) });
  markets.forEach((market, i) => {
    for (const move of [-ALONE_MOVE, ALONE_MOVE])
      grid.push({ name: `${market} alone ${percent(move)}`, moves: only([i], move) });
  });
  for (let k = 0; k < forecast.factors; k++)
    for (const sign of [-1, 1]) {
      const size = sign * FACTOR_DEVIATIONS * Math.sqrt(forecast.variances[k]);
      const moves = Float64Array.from({ length: n }, (_, i) =>
        floored(size * forecast.loadings[i * forecast.factors + k]),
      );
      grid.push({ name: `factor ${k + 1} ${sign < 0 ? '−' : '+'}${FACTOR_DEVIATIONS} σ`, moves });
    }
  const deviations = Float64Array.from({ length: n }, (_, i) => {
    const unit = new Float64Array(n);
    unit[i] = 1;
    return deviationOf(forecast, unit);
  });
  for (const sign of [-1, 1])
    grid.push({
      name: `correlation 1, ${sign < 0 ? '−' : '+'}${TOGETHER_DEVIATIONS} σ`,
      moves: deviations.map((deviation) => floored(sign * TOGETHER_DEVIATIONS * deviation)),
    });
  const worstFirst = history
    .map((moves, hour) => ({ moves, hour, loss: book.loss(moves) }))
    .sort((a, b) => b.loss - a.loss || a.hour - b.hour);
  for (const [rank, { moves }] of worstFirst.slice(0, WORST_HOURS).entries())
    grid.push({ name: `past hour, worst ${rank + 1}`, moves });
  markets.forEach((market, i) => {
    const move = book.net[i] >= 0 ? DEAD_MOVE : -DEAD_MOVE;
    grid.push({ name: `${market} silent, then ${percent(2 * move)}`, moves: only([i], move), dead: i });
  });
  const direction = covarianceTimes(forecast, book.net);
  const scale = deviationOf(forecast, book.net);
  if (scale > 0)
    grid.push({
      name: `${Math.round(100 * WITHDRAWN)} % of liquidity withdrawn, then the book’s own −${TOGETHER_DEVIATIONS} σ`,
      moves: direction.map((value) => floored((TOGETHER_DEVIATIONS * value) / scale)),
      liquidityLeft: WITHDRAWN,
    });
  return grid;
}

/** A price does not fall below nothing. */
function floored(move: number): number {
  return Math.max(-0.99, move);
}
