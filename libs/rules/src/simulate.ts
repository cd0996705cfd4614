import { InvalidInputError } from '#lib/errors';
import {
  AbstractPool,
  type PoolParameters,
  priceGradients,
  type PricePath,
  type SetWeights,
  thinned,
} from '#lib/pools';
import type { RuleGraph } from './graph.js';
import type { RuleManifest } from './manifest.js';
import { checkRails, RAIL_TERMS, railed, type RailTerms } from './rails.js';

export interface RuleSimulationTerms extends RailTerms {
  /** rows from one update to the next; weights move in all */
  readonly updateEvery: number;
  /** λ of the pool's estimator of gradients, by update */
  readonly decay: number;
  /** which update is the first that moves weights; the one before teaches the estimator */
  readonly firstUpdate: number;
}

export const RULE_SIMULATION_TERMS: RuleSimulationTerms = {
  ...RAIL_TERMS,
  ...{ updateEvery: 1, decay: 0.9, firstUpdate: 1 },
};

/** A market that a rule's ranges leave out: the pool would refuse the update. */
export interface OutOfRange {
  readonly row: number;
  readonly input: string;
}

export interface RuleWeightPath {
  /** rows × n */
  readonly weights: Float64Array;
  /** updates the pool would have refused; the weights stay where they are */
  readonly refused: readonly OutOfRange[];
}

/**
 * The weights of a pool along prices, by the rule's graph and the contract's rails. An update knows prices up to the row it is made in; the
 * first weight that differs is one row later. The first update teaches the estimator, as on a chain.
 *
 * @param values of parameters and first states by name
 * @throws {InvalidInputError} for prices of another number of tokens
 */
export async function ruleWeights(
  graph: RuleGraph,
  manifest: RuleManifest,
  prices: PricePath,
  values: Readonly<Record<string, readonly number[]>>,
  initialWeights: readonly number[],
  terms: RuleSimulationTerms = RULE_SIMULATION_TERMS,
): Promise<RuleWeightPath> {
  const { tokens } = manifest;
  const { updateEvery, decay, firstUpdate } = terms;
  if (prices.assets !== tokens || initialWeights.length !== tokens)
    throw new InvalidInputError(
      'prices',
      `must be of ${tokens} tokens, as the rule is, got ${prices.assets}`,
    );
  for (const [name, value] of Object.entries({ updateEvery, firstUpdate }))
    if (!(Number.isInteger(value) && value >= 1))
      throw new InvalidInputError(name, `must be a whole number from 1, got ${value}`);
  checkRails(terms, tokens);
  const sampled = thinned(prices, updateEvery);
  const taught = firstUpdate - 1;
  const estimated = {
    ...sampled,
    rows: sampled.rows - taught,
    values: sampled.values.subarray(taught * tokens),
  };
  const gradients = priceGradients(estimated, new Array<number>(tokens).fill(decay));
  const weights = new Float64Array(prices.rows * tokens);
  const refused: OutOfRange[] = [];
  let state: Readonly<Record<string, readonly number[]>> = Object.fromEntries(
    manifest.groups.state.map((name) => [name, values[name]]),
  );
  let from = [...initialWeights];
  let to = from;
  const fill = (row: number) => {
    for (let m = 0; m < updateEvery && row + m < prices.rows; m++)
      for (let i = 0; i < tokens; i++)
        weights[(row + m) * tokens + i] = from[i] + ((to[i] - from[i]) * m) / updateEvery;
  };
  for (let update = 0, row = 0; row < prices.rows; update++, row += updateEvery) {
    from = to;
    if (update < firstUpdate) {
      fill(row);
      continue;
    }
    const gradient = gradients.subarray((update - taught) * tokens, (update - taught + 1) * tokens);
    const market = marketOf(manifest, sampled, gradient, update, from);
    const outside = manifest.inputs.find(({ name, kind, low, high }) =>
      kind === 'parameter' || kind === 'state'
        ? false
        : market[name].some((value) => value < low / 2 ** 24 || value > high / 2 ** 24),
    );
    if (outside === undefined) {
      const { target, next } = await graph.run({ ...values, ...state, ...market });
      to = railed(from, target, terms);
      state = next;
    } else refused.push({ row, input: outside.name });
    fill(row);
  }
  return { weights, refused };
}

function marketOf(
  { inputs }: RuleManifest,
  { values, assets }: PricePath,
  gradient: Float64Array,
  update: number,
  weights: readonly number[],
): Record<string, readonly number[]> {
  const price = (at: number, i: number) => values[Math.max(0, at) * assets + i];
  const found: Record<string, readonly number[]> = {};
  for (const { name, kind, bars = 0 } of inputs) {
    if (kind === 'weights') found[name] = weights;
    if (kind === 'gradients') found[name] = Array.from(gradient);
    if (kind === 'prices')
      found[name] = Array.from({ length: bars * assets }, (_, at) => {
        const [bar, i] = [Math.floor(at / assets), at % assets];
        return price(update - (bars - 1 - bar), i) / price(update, i);
      });
  }
  return found;
}

/** A pool whose weights are known in every row. */
export class PathPool extends AbstractPool {
  readonly name = 'rule';

  constructor(private readonly path: Float64Array) {
    super();
  }

  override isTrainable(): boolean {
    return false;
  }

  override initBaseParameters(): PoolParameters {
    return {};
  }

  override parameterNames(): readonly string[] {
    return [];
  }

  override weights(): SetWeights {
    return () => this.path;
  }
}
