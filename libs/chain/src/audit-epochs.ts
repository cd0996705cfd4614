import type { PublishedHead } from './audit-head.js';
import type { Address, Hex } from 'viem';
import { type BarPublic, barStatement, quantise, splitFailures } from '#lib/proofs';
import { BookAuditor } from './audit-books.js';
import { type AuditedChain, label } from './audit-chain.js';
import { type ChainProof, fromUnits, publicValue } from './encoding.js';
import { ExceedanceCounters, isRefuted } from './exceedances.js';
import { ORACLE_ABI, type OracleModel } from './oracle-abi.js';
import { type ProvenBar, provenBar } from './proven-bar.js';
import { publishedEpoch, type PublishedEpoch } from './published-epoch.js';

/** Findings about one epoch. */
export interface AuditedEpoch {
  readonly number: number;
  readonly block: number;
  /** ISO time of the end of its bar */
  readonly bar: string;
  readonly transaction: Hex;
  /** whether its state is the next one of the epoch before; otherwise it came with a model that was installed */
  readonly chained: boolean;
  /** whether its book was compared with accounts; otherwise exposures and terms are the publisher's word */
  readonly bound: boolean;
  /** root of every account's inclusion, where the book is bound */
  readonly root: Hex | null;
  readonly proofs: number;
  /** upper bound of EVaR, quote units */
  readonly entropicValueAtRisk: number;
  /** the head of the publisher's audit log that came with it; null: none did */
  readonly auditHead: PublishedHead | null;
  readonly failures: readonly string[];
}

/** Where an epoch was published, and the oracle's event about it. */
export interface PublishedEvent {
  readonly transaction: Hex;
  readonly block: bigint;
  readonly upper: bigint;
  readonly digest: Hex;
}

/** Rounding of returns in units of their markets, percent: the oracle's own tolerance. */
const RETURN_TOLERANCE = 2 ** -20;

/** Follows the chain of epochs: numbers, bars, models, states, prices, counters of exceedances. */
export class EpochAuditor {
  private model: OracleModel | undefined;
  /** commitments of the parts' states after the last epoch, or as they came with the model */
  private states: bigint[] = [];
  private stateBar = 0n;
  private chained = false;
  private readonly counters = new ExceedanceCounters();
  private discredited: string | undefined;
  private readonly seen = new Set<Hex>();
  /** by epoch number */
  readonly proven = new Map<number, ProvenBar>();
  /** by epoch number */
  readonly published = new Map<number, PublishedEpoch>();
  private last = 0;
  private readonly books: BookAuditor;

  constructor(private readonly chain: AuditedChain) {
    this.books = new BookAuditor(chain);
  }

  bind(binding: Address): void {
    this.books.install(binding);
  }

  install(model: OracleModel): void {
    this.model = model;
    this.states = model.parts.map(({ state }) => state);
    this.stateBar = model.stateBar;
    this.chained = false;
    if (this.discredited === undefined) return;
    this.discredited = undefined;
    this.counters.reset();
  }

  async epoch({ transaction, block, upper: said, digest }: PublishedEvent): Promise<AuditedEpoch> {
    const epoch = await publishedEpoch(this.chain.client, transaction, digest);
    const failures: string[] = [];
    const check = (holds: boolean, failure: string) => {
      if (!holds) failures.push(failure);
    };
    const { number, bar, unit, bars } = epoch;
    this.published.set(Number(number), epoch);
    const { model, chained } = this;
    const expected = ++this.last;
    check(Number(number) === expected, `its number is ${number}, the next one is ${expected}`);
    check(this.discredited === undefined, `its model was discredited by ${this.discredited}`);
    if (model === undefined) failures.push('no model was installed');
    else {
      const next = this.stateBar + BigInt(model.barSeconds);
      check(bar === next, `its bar ${bar} does not follow the state of ${this.stateBar}`);
      check(bars.length === model.parts.length, 'it has not one proof for each part of the model');
    }
    const verified: BarPublic[] = [];
    for (const [p, proof] of bars.entries()) {
      const { values, reasons } = await this.chain.verify(barStatement, proof);
      const found = [...reasons];
      if (values !== undefined) {
        verified.push(values);
        if (model !== undefined) found.push(...(await this.partFailures(p, proof, values, model, bar)));
        this.states[p] = publicValue(proof, 'bar', 'nextStateCommitment');
      }
      failures.push(...found.map((failure) => (bars.length === 1 ? failure : `part ${p}: ${failure}`)));
    }
    if (verified.length === bars.length) failures.push(...splitFailures(verified));
    const upper = verified.at(0)?.upper ?? NaN;
    check(upper === fromUnits(said), `the chain says ${fromUnits(said)}, the proof ${upper}`);
    let root: Hex | null = null;
    if (model !== undefined && verified.length === bars.length && bars.length === model.parts.length) {
      await this.follow(epoch, model);
      const book = await this.books.audit(epoch, {
        markets: model.parts.flatMap((part) => part.markets),
        exposures: model.parts.flatMap(({ markets }, p) => verified[p].exposures.slice(0, markets.length)),
        terms: verified[0].book,
      });
      failures.push(...book.failures);
      root = book.root;
    }
    this.stateBar = bar;
    this.chained = true;
    return {
      auditHead: epoch.auditHead ?? null,
      number: Number(number),
      block: Number(block),
      bar: new Date(Number(bar) * 1000).toISOString(),
      transaction,
      chained,
      bound: root !== null,
      root,
      proofs: bars.length,
      entropicValueAtRisk: (upper / 100) * (Number(unit) / 1e18),
      failures,
    };
  }

  /** Differences in the oracle's final state. */
  async ending(): Promise<string[]> {
    const { client, oracle: address } = this.chain;
    const oracle = { address, abi: ORACLE_ABI } as const;
    const [[measure], discredited] = await Promise.all([
      client.readContract({ ...oracle, functionName: 'measure' }),
      client.readContract({ ...oracle, functionName: 'discredited' }),
    ]);
    const failures: string[] = [];
    if (Number(measure.number) !== this.last)
      failures.push(`the oracle is at epoch ${measure.number}, its transactions at ${this.last}`);
    const said = BigInt(discredited) === 0n ? undefined : label(discredited);
    if (said !== this.discredited)
      failures.push(
        `the oracle says ${said ?? 'nothing'} is discredited, its prices ${this.discredited ?? 'nothing'}`,
      );
    for (const market of this.seen) {
      const { windows, exceedances } = await client.readContract({
        ...{ ...oracle, functionName: 'exceedances', args: [market] },
      });
      const counted = this.counters.count(market);
      if (windows !== counted.windows || exceedances !== counted.exceedances)
        failures.push(
          `${label(market)}: the oracle counts ${exceedances} exceedances in ${windows} windows, its prices say ${counted.exceedances} in ${counted.windows}`,
        );
    }
    return failures;
  }

  /** Why a part's proof is not of the registered model, the state the chain is in, and the prices that are held. */
  private async partFailures(
    p: number,
    proof: ChainProof,
    values: BarPublic,
    model: OracleModel,
    bar: bigint,
  ): Promise<string[]> {
    const part = model.parts.at(p);
    if (part === undefined) return ['the model has no such part'];
    const { returns, exposures, budget } = values;
    const failures: string[] = [];
    if (publicValue(proof, 'bar', 'modelCommitment') !== part.model) failures.push('it is of another model');
    if (publicValue(proof, 'bar', 'stateCommitment') !== this.states[p])
      failures.push('it does not start from the state the chain is in: it is broken here');
    if (quantise(budget, 'budget') !== this.chain.budget) failures.push('its α is not the oracle’s');
    for (const [i, market] of part.markets.entries()) {
      const [p0, p1] = await Promise.all([
        this.chain.priceAt(market, this.stateBar),
        this.chain.priceAt(market, bar),
      ]);
      const moved = 100 * Math.log(Number(p1) / Number(p0));
      if (!(Math.abs(moved - returns[i]) <= RETURN_TOLERANCE * (1 + 1e-6)))
        failures.push(`${label(market)} moved by ${moved} percent, the proof says ${returns[i]}`);
    }
    for (let i = part.markets.length; i < exposures.length; i++)
      if (exposures[i] !== 0 || returns[i] !== 0) failures.push(`place ${i} has an exposure and no market`);
    return failures;
  }

  /** Keeps the epoch's proven values, and counts the windows that end with it. */
  private async follow(
    epoch: PublishedEpoch,
    { parts, barSeconds, horizonBars }: OracleModel,
  ): Promise<void> {
    const proven = provenBar(
      epoch,
      barSeconds,
      parts.map(({ markets }) => markets),
    );
    const { number, bar, markets, variances } = proven;
    this.proven.set(Number(number), proven);
    const horizon = BigInt(horizonBars) * BigInt(barSeconds);
    for (const [i, market] of markets.entries()) {
      this.seen.add(market);
      const price = await this.chain.priceAt(market, bar);
      const closed = this.counters.step(market, price, variances[i], bar, horizon);
      if (closed !== undefined && isRefuted(closed)) this.discredited = label(market);
    }
  }
}
