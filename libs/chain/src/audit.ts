import {
  type Address,
  decodeFunctionData,
  getAbiItem,
  type Hex,
  hexToString,
  toFunctionSelector,
  toHex,
} from 'viem';
import {
  chainKeyOf,
  covarianceStatement,
  type CovariancePublic,
  liquidationStatement,
  loadArtifacts,
  pricingStatement,
  type PricingPublic,
  type ProofDocument,
  type Prover,
  quantise,
  type Statement,
  dequantise,
} from '#lib/proofs';
import { contractArtifact, isCodeOf } from './contract-artifact.js';
import { type ChainClient, chainClient } from './chain-client.js';
import { ADMIN_ROLE, GOVERNOR_ROLE, GUARDIAN_ROLE, isLocal, PUBLISHER_ROLE } from './deployment.js';
import { documentInstances, fromUnits } from './encoding.js';
import { ChainError } from './errors.js';
import { innerCall } from './inner-call.js';
import { ORACLE_ABI, type OracleModel, PRICE_SOURCE_ABI, VERIFIER_ABI } from './oracle-abi.js';

/** What was found of one epoch. */
export interface AuditedEpoch {
  readonly number: number;
  /** ISO time of the end of its bar */
  readonly bar: string;
  readonly transaction: Hex;
  /** whether its state is the next one of the epoch before; otherwise it came with a model that was installed */
  readonly chained: boolean;
  readonly proofs: number;
  /** upper bound of EVaR, quote units */
  readonly entropicValueAtRisk: number;
  readonly failures: readonly string[];
}

export interface AuditedLiquidation {
  readonly plan: Hex;
  readonly transaction: Hex;
  readonly proves: string;
  readonly failures: readonly string[];
}

export interface Audit {
  readonly chainId: number;
  readonly oracle: Address;
  readonly srs: 'development' | 'ceremony';
  readonly epochs: readonly AuditedEpoch[];
  readonly liquidations: readonly AuditedLiquidation[];
  /** what does not hold of the contracts themselves */
  readonly failures: readonly string[];
  readonly holds: boolean;
}

/** Rounding of the factors that a price change is computed from, percent: the oracle's own tolerance. */
const CHANGE_TOLERANCE = 256 / 2 ** 24;
const LOG_RANGE = 50_000n;
/** Poseidon hash of a row of nine zeros: what a cluster that is not there commits to. */
export const NOTHING = 0x2c681882cfb4eaab7e7c1463c9622722c74d42a52dcd92544033933fb2a57a03n;
const SELECTORS = {
  publish: toFunctionSelector(getAbiItem({ abi: ORACLE_ABI, name: 'publish' })),
  attestLiquidation: toFunctionSelector(getAbiItem({ abi: ORACLE_ABI, name: 'attestLiquidation' })),
};
const DUTIES = new Map<Hex, string>([
  [ADMIN_ROLE, 'admin'],
  [GOVERNOR_ROLE, 'governor'],
  [GUARDIAN_ROLE, 'guardian'],
  [PUBLISHER_ROLE, 'publisher'],
]);

/**
 * Everything an oracle has taken, verified again from the transactions' calldata by someone who has a node and this program
 * and trusts neither the oracle nor whoever publishes to it: every proof, the chain of states, that risk starts from the
 * covariances, that prices are those of the price source, and that keys and verifier are those of this program's circuits.
 *
 * @throws {ChainError} where there is no oracle at the address
 */
export async function auditOracle(
  rpcUrl: string,
  oracle: Address,
  prover: Prover,
  onProgress: (line: string) => void = () => undefined,
): Promise<Audit> {
  const client = chainClient(rpcUrl);
  if ((await client.getCode({ address: oracle })) === undefined)
    throw new ChainError(`there is no contract at ${oracle}`);
  const read = <Name extends 'budget' | 'prices'>(functionName: Name) =>
    client.readContract({ address: oracle, abi: ORACLE_ABI, functionName });
  const auditor = new Auditor(client, oracle, prover, await read('budget'), await read('prices'));
  const failures = await auditor.contracts();
  const events = await auditor.events();
  const epochs: AuditedEpoch[] = [];
  const liquidations: AuditedLiquidation[] = [];
  for (const event of events) {
    if (event.eventName === 'ModelInstalled') auditor.install(event.args.model!);
    else if (event.eventName === 'EpochPublished') {
      const epoch = await auditor.epoch(
        event.transactionHash,
        event.args.upper!,
        event.args.digest!,
        epochs.length + 1,
      );
      epochs.push(epoch);
      onProgress(
        `epoch ${epoch.number} ${epoch.bar}: ${epoch.failures.length === 0 ? `${epoch.proofs} proofs hold` : epoch.failures.join('; ')}`,
      );
    } else if (event.eventName === 'LiquidationAttested') {
      const liquidation = await auditor.liquidation(
        event.transactionHash,
        event.args.plan!,
        event.args.digest!,
      );
      liquidations.push(liquidation);
      onProgress(
        `liquidation ${label(liquidation.plan)}: ${liquidation.failures.length === 0 ? liquidation.proves : liquidation.failures.join('; ')}`,
      );
    }
  }
  failures.push(...(await auditor.ending(epochs)));
  const all = [...epochs, ...liquidations].flatMap((found) => found.failures);
  return {
    chainId: await client.getChainId(),
    oracle,
    srs: loadArtifacts('pricing').srsKind,
    epochs,
    liquidations,
    failures,
    holds: failures.length === 0 && all.length === 0,
  };
}

class Auditor {
  private model: OracleModel | undefined;
  /** commitments of the clusters' states after the last epoch, or as they came with the model */
  private states: bigint[] = [];
  private stateBar = 0n;
  private chained = false;

  constructor(
    private readonly client: ChainClient,
    private readonly oracle: Address,
    private readonly prover: Prover,
    /** −ln α and where prices are held: neither ever changes */
    private readonly budget: bigint,
    private readonly source: Address,
  ) {}

  /** What does not hold of the contracts: their code, the keys, and that keys are apart. */
  async contracts(): Promise<string[]> {
    const failures: string[] = [];
    const [verifier, covarianceKey, pricingKey, liquidationKey] = await this.read('verifiers');
    const code = (address: Address) => this.client.getCode({ address });
    const compiled = async (what: string, name: string, address: Address) => {
      if (!isCodeOf(contractArtifact(name), await code(address)))
        failures.push(`${what} at ${address} is not ${name} of this version`);
    };
    await compiled('the oracle', 'RiskOracle', this.oracle);
    await compiled('the verifier', 'ProofVerifier', verifier);
    const halo2 = await this.client
      .readContract({ address: verifier, abi: VERIFIER_ABI, functionName: 'halo2' })
      .catch(() => undefined);
    if (halo2 === undefined) failures.push(`the verifier at ${verifier} names no verifier behind it`);
    else await compiled('the verifier behind it', 'Halo2VerifierReusable', halo2);
    for (const [name, address] of [
      ['covariance', covarianceKey],
      ['pricing', pricingKey],
      ['liquidation', liquidationKey],
    ] as const) {
      if ((await code(address)) !== toHex(chainKeyOf(name)))
        failures.push(`the ${name} key at ${address} is not the one of these circuits`);
    }
    failures.push(...(await this.duties()));
    return failures;
  }

  /** Off local chains: accounts with more than one duty, and publishers that report prices. */
  private async duties(): Promise<string[]> {
    if (isLocal(await this.client.getChainId())) return [];
    const held = new Map<Address, Set<string>>();
    for (const event of await this.events()) {
      if (event.eventName !== 'RoleGranted' && event.eventName !== 'RoleRevoked') continue;
      const { role, account } = event.args;
      const name = DUTIES.get(role!);
      if (name === undefined) continue;
      const duties = held.get(account!) ?? new Set<string>();
      held.set(account!, duties);
      if (event.eventName === 'RoleGranted') duties.add(name);
      else duties.delete(name);
    }
    const failures: string[] = [];
    for (const [account, duties] of held) {
      if (duties.size > 1) failures.push(`${account} is ${[...duties].sort().join(' and ')}`);
      if (!duties.has('publisher')) continue;
      const reports = await this.client.readContract({
        ...{ address: this.source, abi: PRICE_SOURCE_ABI, functionName: 'isReporter', args: [account] },
      });
      if (reports) failures.push(`${account} is publisher and reports prices`);
    }
    return failures;
  }

  async events() {
    const head = await this.client.getBlockNumber();
    const found = [];
    for (let from = 0n; from <= head; from += LOG_RANGE) {
      const toBlock = from + LOG_RANGE - 1n < head ? from + LOG_RANGE - 1n : head;
      found.push(
        ...(await this.client.getContractEvents({
          address: this.oracle,
          abi: ORACLE_ABI,
          fromBlock: from,
          toBlock,
        })),
      );
    }
    return found;
  }

  install(model: OracleModel): void {
    this.model = model;
    this.states = model.clusters.map(({ state }) => state);
    this.stateBar = model.stateBar;
    this.chained = false;
  }

  async epoch(transaction: Hex, said: bigint, digest: Hex, expected: number): Promise<AuditedEpoch> {
    const failures: string[] = [];
    const check = (holds: boolean, failure: string) => {
      if (!holds) failures.push(failure);
    };
    const [epoch] = await this.calldata(transaction, 'publish', digest);
    const { number, bar, unit, covariances, pricing } = epoch;
    const { model } = this;
    check(Number(number) === expected, `its number is ${number}, the next one is ${expected}`);
    const chained = this.chained;
    const net: bigint[] = [];
    if (model === undefined) failures.push('no model was installed');
    else {
      check(
        bar === this.stateBar + BigInt(model.barSeconds),
        `its bar ${bar} does not follow the state of ${this.stateBar}`,
      );
      check(covariances.length === model.clusters.length, 'it has not one covariance proof a cluster');
    }
    for (const [c, proof] of covariances.entries()) {
      const name = `covariance ${c}`;
      const { values, reasons } = await this.verify(covarianceStatement, proof);
      failures.push(...reasons.map((reason) => `${name}: ${reason}`));
      const cluster = model?.clusters.at(c);
      if (values === undefined || cluster === undefined) continue;
      const [modelHash, state, nextState] = proof.instances;
      check(modelHash === cluster.model, `${name} is of another model`);
      check(
        state === this.states[c],
        `${name} does not start from the state the chain is in: it is broken here`,
      );
      this.states[c] = nextState;
      failures.push(
        ...(await this.prices(cluster.markets, values, this.stateBar, bar)).map(
          (reason) => `${name}: ${reason}`,
        ),
      );
      net.push(...values.exposures.map((exposure) => quantise(exposure, 'exposures')));
    }
    const { values, reasons } = await this.verify(pricingStatement, pricing);
    failures.push(...reasons.map((reason) => `pricing: ${reason}`));
    if (values !== undefined && model !== undefined)
      failures.push(...this.pricingFailures(values, pricing.instances, covariances, model, net));
    const upper = values?.states[0].upper ?? NaN;
    check(upper === fromUnits(said), `the chain says ${fromUnits(said)}, the proof ${upper}`);
    this.stateBar = bar;
    this.chained = true;
    return {
      number: Number(number),
      bar: new Date(Number(bar) * 1000).toISOString(),
      transaction,
      chained,
      proofs: covariances.length + 1,
      entropicValueAtRisk: (upper / 100) * (Number(unit) / 1e18),
      failures,
    };
  }

  async liquidation(transaction: Hex, plan: Hex, digest: Hex): Promise<AuditedLiquidation> {
    const [said, proof] = await this.calldata(transaction, 'attestLiquidation', digest);
    const { values, reasons } = await this.verify(liquidationStatement, proof);
    const failures = [...reasons];
    if (said !== plan) failures.push('its plan is not the one that was attested');
    if (values !== undefined && quantise(values.budget, 'budget') !== this.budget)
      failures.push('its α is not the oracle’s');
    return { plan, transaction, proves: values?.proves ?? 'nothing', failures };
  }

  /** What does not fit of the state the chain is in at the end. */
  async ending(epochs: readonly AuditedEpoch[]): Promise<string[]> {
    const [last] = await this.read('measure');
    const found = epochs.at(-1);
    if (Number(last.number) === (found?.number ?? 0)) return [];
    return [`the oracle is at epoch ${last.number}, its transactions at ${found?.number ?? 0}`];
  }

  private pricingFailures(
    { commitments, budget, states }: PricingPublic,
    instances: readonly bigint[],
    covariances: readonly { readonly instances: readonly bigint[] }[],
    model: OracleModel,
    net: readonly bigint[],
  ): string[] {
    const failures: string[] = [];
    for (let c = 0; c < commitments.risk.length; c++) {
      const own = covariances.at(c)?.instances;
      const [risk, drift] = own === undefined ? [NOTHING, NOTHING] : [own[3], own[4]];
      if (instances[c] !== risk || instances[4 + c] !== drift)
        failures.push(`pricing: cluster ${c} does not start from its covariance proof`);
      if (instances[8 + c] !== instances[c])
        failures.push(`pricing: cluster ${c} is not that of the standing book`);
    }
    if (instances[12] !== model.correlation) failures.push('pricing: it is of other correlations');
    if (quantise(budget, 'budget') !== this.budget) failures.push('pricing: its α is not the oracle’s');
    const total = dequantise(net.reduce((sum, exposure) => sum + exposure, 0n));
    if (states[0].book.net !== total)
      failures.push(`pricing: its net exposure ${states[0].book.net} is not that of the clusters, ${total}`);
    return failures;
  }

  private async prices(
    markets: readonly Hex[],
    { changes, exposures }: CovariancePublic,
    before: bigint,
    bar: bigint,
  ): Promise<string[]> {
    const failures: string[] = [];
    const at = (market: Hex, time: bigint) =>
      this.client.readContract({
        address: this.source,
        abi: PRICE_SOURCE_ABI,
        functionName: 'priceAt',
        args: [market, time],
      });
    for (const [i, market] of markets.entries()) {
      const [p0, p1] = await Promise.all([at(market, before), at(market, bar)]);
      const change = 100 * (Number(p1) / Number(p0) - 1);
      if (Math.abs(change - changes[i]) > CHANGE_TOLERANCE * (1 + 1e-9))
        failures.push(`${label(market)} moved by ${change} percent, the proof says ${changes[i]}`);
    }
    for (let i = markets.length; i < exposures.length; i++)
      if (exposures[i] !== 0) failures.push(`asset ${i} has an exposure and no market`);
    return failures;
  }

  private async verify<Input, Public>(
    statement: Statement<Input, Public>,
    { proof, instances }: { readonly proof: Hex; readonly instances: readonly bigint[] },
  ): Promise<{ values: Public | undefined; reasons: readonly string[] }> {
    const { digest, srsKind } = loadArtifacts(statement.name);
    const document: ProofDocument = {
      version: 1,
      statement: statement.name,
      artifacts: digest,
      srs: srsKind,
      instances: documentInstances(instances),
      proof,
    };
    const { failures, values } = await this.prover.verify(statement, document);
    return { values, reasons: failures };
  }

  /** Arguments of the call that the oracle has seen: made by the transaction itself, or by a Safe in its name. */
  private async calldata<Name extends 'publish' | 'attestLiquidation'>(
    transaction: Hex,
    name: Name,
    digest: Hex,
  ) {
    const { input } = await this.client.getTransaction({ hash: transaction });
    const data = innerCall(input, SELECTORS[name], digest);
    if (data === undefined)
      throw new ChainError(
        `transaction ${transaction} does not carry the ${name} call that the oracle has taken`,
      );
    const { args } = decodeFunctionData({ abi: ORACLE_ABI, data });
    return args as Extract<
      ReturnType<typeof decodeFunctionData<typeof ORACLE_ABI>>,
      { functionName: Name }
    >['args'];
  }

  private read<Name extends 'verifiers' | 'measure'>(functionName: Name) {
    return this.client.readContract({ address: this.oracle, abi: ORACLE_ABI, functionName });
  }
}

function label(bytes: Hex): string {
  const text = hexToString(bytes, { size: 32 });
  return /^[\x21-\x7e]+$/.test(text) ? text : bytes;
}
