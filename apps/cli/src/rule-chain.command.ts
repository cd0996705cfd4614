import { writeFileSync } from 'node:fs';
import { type Address, zeroAddress } from 'viem';
import { z } from 'zod';
import {
  addressSchema,
  type ChainClient,
  chainClient,
  chainProof,
  deployPool,
  deployRule,
  parseDeployment,
  POOL_ABI,
  POOL_TERMS,
  type RuleAddresses,
  ruleTerms,
  type RuleTerms,
  Transactor,
  updateStatement,
} from '#lib/chain';
import { InvalidInputError, parseInput } from '#lib/errors';
import { createProver, type ProofDocument, type Prover } from '#lib/proofs';
import {
  blinding,
  type BuiltRule,
  committedRows,
  inputsOf,
  keepState,
  keptState,
  loadRule,
  nextState,
  readSecrets,
  ruleFolder,
  type RuleSecrets,
  ruleStatement,
  type RuleUpdate,
  rowOf,
} from '#lib/rules';
import { poolSchema } from './pool-schema.js';
import { readJson } from './read-json.js';
import { signer } from './signer.js';

/** Registers a built rule and deploys a pool that follows it. The values of private parameters stay here. */
export async function deployRuleCommand(
  file: string,
  options: { readonly rpc: string; readonly pool: string; readonly deployment: string },
): Promise<RuleAddresses & { pool: Address; parameters: string }> {
  const rule = loadRule(ruleFolder(file));
  const { name, symbol, assets, terms } = parseInput(
    poolSchema.omit({ k: true }).strict(),
    readJson(options.pool),
    options.pool,
  );
  if (assets.length !== rule.manifest.tokens)
    throw new InvalidInputError(
      'assets',
      `must be ${rule.manifest.tokens}, as the rule has it, got ${assets.length}`,
    );
  const placed = { ...(terms ?? POOL_TERMS) };
  const weights = rule.manifest.inputs.find(({ kind }) => kind === 'weights');
  if (weights !== undefined && placed.limits.lowest < weights.low / 2 ** 24)
    throw new InvalidInputError(
      'terms.limits.lowest',
      `must be ${weights.low / 2 ** 24} at least for this rule`,
    );
  const { halo2, prices } = parseDeployment(readJson(options.deployment));
  const account = signer();
  const prover = createProver();
  try {
    // Its updates do not wait for the proving key.
    await prover.prepare(ruleStatement(rule));
    const registered = await registrationOf(rule, readSecrets(rule.folder), prover);
    const addresses = await deployRule(options.rpc, account, halo2, rule.verifyingKey, registered);
    const pool = await deployPool(
      options.rpc,
      account,
      { name, symbol },
      assets,
      { rule: addresses.rule },
      { ...placed, prices },
    );
    return { ...addresses, pool, parameters: `0x${registered.parameters.toString(16).padStart(64, '0')}` };
  } finally {
    await prover.close();
  }
}

/** The rule's registration on the chain, and the opening of its first state, which this machine keeps. */
export async function registrationOf(
  rule: BuiltRule,
  secrets: RuleSecrets,
  prover: Prover,
): Promise<RuleTerms> {
  const { manifest } = rule;
  const rows = committedRows(rule, secrets);
  const hash = async (row: readonly bigint[] | undefined) =>
    row === undefined ? 0n : await prover.commit(row);
  const firstState = await hash(rows.state);
  if (rows.state !== undefined)
    keepState(rule.folder, firstState, {
      values: rows.state.slice(0, -1),
      blinding: rows.state[rows.state.length - 1],
    });
  const seen = (kind: string) => manifest.inputs.find((input) => input.kind === kind);
  const [weights, gradients, prices] = ['weights', 'gradients', 'prices'].map(seen);
  const market = inputsOf(manifest, 'market').filter(({ kind }) => kind === 'parameter');
  return {
    graph: `0x${manifest.graph}`,
    manifest: `0x${rule.manifestDigest}`,
    tokens: manifest.tokens,
    sight: { weights: weights !== undefined, gradients: gradients !== undefined, bars: prices?.bars ?? 0 },
    ranges: {
      lowestWeight: BigInt(weights?.low ?? 0),
      largestGradient: BigInt(gradients?.high ?? 0),
      leastPrice: BigInt(prices?.low ?? 0),
      mostPrice: BigInt(prices?.high ?? 0),
    },
    parameters: await hash(rows.parameters),
    shared: await hash(rows.shared),
    firstState,
    hints: manifest.commitments.some(({ name }) => name === 'hints'),
    publicParameters: market.length === 0 ? [] : publicParameters(rule, secrets),
  };
}

function publicParameters({ manifest }: BuiltRule, { values }: RuleSecrets): bigint[] {
  const own = manifest.groups.market.filter((name) => values[name] !== undefined);
  return [...rowOf({ ...manifest, groups: { ...manifest.groups, market: own } }, 'market', values)];
}

export interface ProvenUpdate {
  readonly document: ProofDocument;
  readonly proofSeconds: number;
  /** of all threads: the proof's processor time, however busy the machine is */
  readonly processorSeconds: number;
}

const optionsSchema = z.object({ pool: addressSchema, bar: z.int().min(1) });

/** The proof of a pool's update at a bar. `update` sends it. */
export async function proveRuleCommand(
  file: string,
  options: { readonly rpc: string; readonly pool: string; readonly bar: number; readonly out: string },
): Promise<{ out: string; proofSeconds: number }> {
  const { pool, bar } = parseInput(optionsSchema, { pool: options.pool, bar: options.bar }, 'options');
  const prover = createProver();
  try {
    const { document, proofSeconds } = await provenUpdate(
      loadRule(ruleFolder(file)),
      chainClient(options.rpc),
      pool,
      BigInt(bar),
      prover,
    );
    writeFileSync(options.out, `${JSON.stringify(document)}\n`);
    return { out: options.out, proofSeconds };
  } finally {
    await prover.close();
  }
}

/** Moves a pool's weights with the prices of a bar, by a proof that its rule was followed. */
export async function updateRuleCommand(
  file: string,
  options: { readonly rpc: string; readonly pool: string; readonly bar: number },
): Promise<{ bar: number; weights: number[]; proofSeconds: number | null }> {
  const { pool, bar } = parseInput(optionsSchema, { pool: options.pool, bar: options.bar }, 'options');
  const client = chainClient(options.rpc);
  const transactor = new Transactor(options.rpc, signer());
  const rule = loadRule(ruleFolder(file));
  let proofSeconds: number | null = null;
  if (await isFirstGradient(client, pool, rule)) {
    // The first prices teach the estimator and move nothing: there is nothing to prove.
    await transactor.call(pool, POOL_ABI, 'performUpdate', [BigInt(bar), '0x', []]);
  } else {
    const prover = createProver();
    try {
      const proven = await provenUpdate(rule, client, pool, BigInt(bar), prover);
      const { proof, instances } = chainProof(proven.document);
      await transactor.call(pool, POOL_ABI, 'performUpdate', [BigInt(bar), proof, instances]);
      ({ proofSeconds } = proven);
    } finally {
      await prover.close();
    }
  }
  const weights = await client.readContract({ address: pool, abi: POOL_ABI, functionName: 'weights' });
  return { bar, weights: weights.map((weight) => Number(weight) / 1e18), proofSeconds };
}

async function isFirstGradient(
  client: ChainClient,
  pool: Address,
  { manifest }: BuiltRule,
): Promise<boolean> {
  if (!manifest.inputs.some(({ kind }) => kind === 'gradients')) return false;
  return (await client.readContract({ address: pool, abi: POOL_ABI, functionName: 'updatedBar' })) === 0n;
}

/**
 * Proves an update from the chain's state at a bar.
 *
 * @throws {InvalidInputError} for a pool that follows another rule or other parameters, a state that is not kept here, or inputs
 * outside their ranges
 */
export async function provenUpdate(
  rule: BuiltRule,
  client: ChainClient,
  pool: Address,
  bar: bigint,
  prover: Prover,
): Promise<ProvenUpdate> {
  const secrets = readSecrets(rule.folder);
  const registered = await registeredRule(client, pool);
  const own = await registrationOf(rule, secrets, prover);
  if (registered.graph !== own.graph || registered.manifest !== own.manifest)
    throw new InvalidInputError('rule', `the pool follows another graph, ${registered.graph}`);
  const samePublic = String(registered.publicParameters) === String(own.publicParameters);
  if (registered.parameters !== own.parameters || registered.shared !== own.shared || !samePublic)
    throw new InvalidInputError('secrets', 'are not the parameters that the pool has committed to');
  const { seen, state } = await updateStatement(client, pool, bar);
  const kept = own.firstState === 0n ? undefined : keptState(rule.folder, state);
  if (own.firstState !== 0n && kept === undefined)
    throw new InvalidInputError(
      'state',
      `the one behind the pool’s commitment is not kept in ${rule.folder}`,
    );
  const update: RuleUpdate = {
    rows: {
      parameters: rowOf(rule.manifest, 'parameters', secrets.values),
      shared: rowOf(rule.manifest, 'shared', secrets.values),
      state: kept?.values ?? [],
      market: [...seen, ...own.publicParameters],
    },
    blindings: {
      parameters: BigInt(`0x${secrets.salt}`),
      ...(kept && { state: kept.blinding, next: blinding() }),
      hints: blinding(),
    },
  };
  const started = performance.now();
  const before = process.cpuUsage();
  const document = await prover.prove(ruleStatement(rule), update);
  const proofSeconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  if (kept !== undefined) {
    const values = nextState(rule, update);
    const next = update.blindings.next;
    keepState(rule.folder, await prover.commit([...values, next]), { values, blinding: next });
  }
  return { document, proofSeconds, processorSeconds: (user + system) / 1e6 };
}

/** @throws {InvalidInputError} for a pool without a rule */
async function registeredRule(client: ChainClient, pool: Address) {
  const rule = await client.readContract({ address: pool, abi: POOL_ABI, functionName: 'rule' });
  if (rule === zeroAddress) throw new InvalidInputError('pool', `${pool} follows public momentum, no rule`);
  return ruleTerms(client, rule);
}
