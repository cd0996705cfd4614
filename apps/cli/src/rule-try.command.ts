import { deployPool, deployRule, POOL_ABI, POOL_TERMS, PoolSandbox, chainProof } from '#lib/chain';
import { createProver } from '#lib/proofs';
import {
  loadRule,
  RAIL_TERMS,
  readSecrets,
  RULE_SIMULATION_TERMS,
  ruleFolder,
  RuleGraph,
  ruleStatement,
  ruleWeights,
} from '#lib/rules';
import { pricePath } from '#lib/pools';
import { UsageError } from '#lib/terminal';
import { pooledPrices, type PooledPricesOptions } from './pool-prices.js';
import { note } from './print.js';
import { provenUpdate, registrationOf } from './rule-chain.command.js';

export interface TryRuleOptions extends PooledPricesOptions {
  readonly updates: number;
  readonly weights?: readonly number[];
}

export interface TriedRule {
  readonly rule: string;
  readonly updates: readonly {
    readonly bar: number;
    /** where the update leads */
    readonly weights: readonly number[];
    readonly proofSeconds: number;
    /** of all threads */
    readonly processorSeconds: number;
    readonly gas: number;
  }[];
  /** most by which a weight on the chain differs from the simulated one */
  readonly chainFromSimulation: number;
  /** bytes of contracts: the verification key, the rule */
  readonly sizes: Readonly<Record<'verificationKey' | 'rule', number>>;
}

/**
 * A built rule on a chain of its own: a pool, prices of the file's last rows bar by bar, a proof at each, and the weights beside the simulated
 * ones.
 *
 * @throws {UsageError} for too few rows, or prices of other tokens
 */
export async function tryRuleCommand(file: string, options: TryRuleOptions): Promise<TriedRule> {
  const rule = loadRule(ruleFolder(file));
  const { manifest } = rule;
  const { assets, path } = pooledPrices(options);
  const n = assets.length;
  if (n !== manifest.tokens)
    throw new UsageError(`--assets: the rule is of ${manifest.tokens} tokens, there are ${n}`);
  const back = Math.max(1, ...manifest.inputs.map(({ bars = 1 }) => bars - 1));
  // The bars that are looked back to, one that teaches, the updates, and one for the last to be there.
  const needed = back + options.updates + 1;
  if (path.rows < needed) throw new UsageError(`--prices: ${needed} rows are needed, there are ${path.rows}`);
  const first = path.rows - needed;
  const row = (t: number) => Array.from(path.values.subarray((first + t) * n, (first + t + 1) * n));
  const initial = options.weights ?? assets.map(() => 1 / n);
  const sandbox = await PoolSandbox.start(assets);
  const prover = createProver();
  const graph = await RuleGraph.load(rule);
  try {
    // Once, as deploy does it: they are no part of an update.
    await prover.prepare(ruleStatement(rule));
    const secrets = readSecrets(rule.folder);
    const { account } = sandbox.transactor;
    const terms = await registrationOf(rule, secrets, prover);
    const placed = await deployRule(sandbox.url, account, sandbox.halo2, rule.verifyingKey, terms);
    const pool = await deployPool(
      ...([sandbox.url, account, { name: manifest.name, symbol: 'TRY' }] as const),
      assets.map((market, i) => ({ market, token: sandbox.tokens[i], weight: initial[i] })),
      { rule: placed.rule },
      { ...POOL_TERMS, prices: sandbox.prices },
    );
    const worth = (i: number) => BigInt(Math.round((1e6 * initial[i] * 1e6) / row(0)[i])) * 10n ** 12n;
    await sandbox.fill(
      pool,
      assets.map((_, i) => worth(i)),
    );
    const updates: TriedRule['updates'][number][] = [];
    const held: number[][] = [];
    for (let t = 0; t < needed; t++) {
      await sandbox.nextBar(row(t));
      held.push(await sandbox.weights(pool));
      const bar = sandbox.bar;
      const teaches = t === back - 1 && terms.sight.gradients;
      if (teaches) await sandbox.transactor.call(pool, POOL_ABI, 'performUpdate', [bar, '0x', []]);
      if (t < back || t === needed - 1) continue;
      const proven = await provenUpdate(rule, sandbox.client, pool, bar, prover);
      const { document, proofSeconds, processorSeconds } = proven;
      const { proof, instances } = chainProof(document);
      const args = [bar, proof, instances] as const;
      const gas = await sandbox.client.estimateContractGas({
        ...{ address: pool, abi: POOL_ABI, functionName: 'performUpdate' as const, args, account },
      });
      await sandbox.transactor.call(pool, POOL_ABI, 'performUpdate', args);
      updates.push({ bar: Number(bar), weights: held[t], proofSeconds, processorSeconds, gas: Number(gas) });
      note(
        `update ${updates.length} of ${options.updates}: proven in ${proofSeconds.toFixed(1)} s (${processorSeconds.toFixed(1)} s of processors), ${gas} gas`,
      );
    }
    // The simulation knows the same rows, from the one that teaches on.
    const rows = Array.from({ length: needed }, (_, t) => row(t));
    const simulated = await ruleWeights(
      ...([graph, manifest, pricePath(assets.map((_, i) => rows.map((prices) => prices[i])))] as const),
      secrets.values,
      initial,
      { ...RULE_SIMULATION_TERMS, ...RAIL_TERMS, firstUpdate: back },
    );
    const differences = held.flatMap((weights, t) =>
      weights.map((weight, i) => Math.abs(weight - simulated.weights[t * n + i])),
    );
    const size = async (address: `0x${string}`) =>
      ((await sandbox.client.getCode({ address }))!.length - 2) / 2;
    return {
      rule: manifest.name,
      updates: updates.map((update, i) => ({ ...update, weights: held[back + 1 + i] })),
      chainFromSimulation: Math.max(...differences),
      sizes: { verificationKey: await size(placed.verificationKey), rule: await size(placed.rule) },
    };
  } finally {
    await graph.release();
    await prover.close();
    await sandbox.stop();
  }
}
