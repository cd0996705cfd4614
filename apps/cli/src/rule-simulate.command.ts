import { writeFileSync } from 'node:fs';
import { type PoolMetrics, poolMetrics, valuesOf } from '#lib/pools';
import {
  loadRule,
  PathPool,
  readSecrets,
  RULE_SIMULATION_TERMS,
  ruleFolder,
  RuleGraph,
  ruleWeights,
} from '#lib/rules';
import { UsageError } from '#lib/terminal';
import { poolPicture } from './pool-picture.js';
import { pooledPrices, type PooledPricesOptions } from './pool-prices.js';
import { note } from './print.js';

export interface SimulateRuleOptions extends PooledPricesOptions {
  readonly updateEvery: number;
  readonly decay: number;
  readonly minimumWeight: number;
  readonly step: number;
  readonly weights?: readonly number[];
  readonly value: number;
  readonly fees?: number;
  readonly svg?: string;
}

export interface SimulatedRule {
  readonly rule: string;
  readonly assets: readonly string[];
  readonly rows: number;
  readonly from: string;
  readonly to: string;
  readonly metrics: PoolMetrics;
  readonly finalValue: number;
  readonly finalWeights: readonly number[];
  /** updates in which prices left the rule’s ranges: a pool would have refused them */
  readonly refusedUpdates: number;
}

const iso = (time: number) => new Date(time).toISOString();

/** A built rule along prices: its own graph, the contract's rails, arbitrage with or without fees. */
export async function simulateRuleCommand(
  file: string,
  options: SimulateRuleOptions,
): Promise<SimulatedRule> {
  const rule = loadRule(ruleFolder(file));
  const { manifest } = rule;
  const { assets, times, path } = pooledPrices(options);
  if (assets.length !== manifest.tokens)
    throw new UsageError(`--assets: the rule is of ${manifest.tokens} tokens, there are ${assets.length}`);
  const { updateEvery, decay, step } = options;
  const terms = { ...RULE_SIMULATION_TERMS, updateEvery, decay, step, lowest: options.minimumWeight };
  const initial = options.weights ?? assets.map(() => 1 / assets.length);
  const graph = await RuleGraph.load(rule);
  try {
    const { values } = readSecrets(rule.folder);
    const { weights, refused } = await ruleWeights(graph, manifest, path, values, initial, terms);
    if (refused.length > 0)
      note(
        `${refused.length} updates are refused, the first in row ${refused[0].row}: ${refused[0].input} is out of its range`,
      );
    const pool = new PathPool(weights);
    const input = { prices: path, parameters: {}, initialValue: options.value };
    const run =
      options.fees === undefined
        ? pool.calculateReservesZeroFees(input)
        : pool.calculateReservesWithFees(input, { fees: options.fees });
    if (options.svg !== undefined)
      writeFileSync(options.svg, poolPicture(manifest.name, assets, run, path, times));
    const last = path.rows - 1;
    return {
      ...{ rule: manifest.name, assets, rows: path.rows, from: iso(times[0]), to: iso(times[last]) },
      metrics: poolMetrics(run, path, (times[1] - times[0]) / 3_600_000),
      finalValue: valuesOf(run, path)[last],
      finalWeights: Array.from(weights.subarray(last * assets.length)),
      refusedUpdates: refused.length,
    };
  } finally {
    await graph.release();
  }
}
