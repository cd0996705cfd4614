import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventLog } from '#lib/events';
import type { IncludedAccount } from '#lib/commitment';
import type { EpochPayload, InclusionPayload, ProofPayload } from '#lib/messages';
import type { DatabaseLease, SettlementEpochEntity } from '#lib/storage';
import { fake, messagesOf, ServiceBatch } from '../../../test/support/service-batch.js';
import type { SettlementCalls } from './settlement-calls.js';
import type { SettlementChain } from './settlement-chain.js';
import { settlementConfig } from './settlement.config.js';
import type { SettlementRepository, StoredPlan } from './settlement.repository.js';
import { SettlementService } from './settlement.service.js';

const HOUR = 3_600_000;

const epoch = (number: number, { chained = true, halves = 1 } = {}) =>
  ({
    ...{ epochId: `epoch-${number}`, barEnd: number * HOUR, barMs: HOUR, chained },
    bars: Array.from({ length: halves }, (_, half) => ({ jobId: `bar-${number}-${half}`, markets: ['A'] })),
  }) as unknown as EpochPayload;

const barProof = (number: number, half = 0, reason: string | null = null) =>
  ({
    ...{ jobId: `bar-${number}-${half}`, subject: { kind: 'epoch', id: `epoch-${number}`, at: null } },
    ...{ status: reason === null ? 'proven' : 'failed', document: reason === null ? {} : null, reason },
  }) as unknown as ProofPayload;

const planProof = (planId: string, at: number) =>
  ({
    ...{ jobId: `liquidation-${planId}`, subject: { kind: 'liquidation', id: planId, at } },
    ...{ status: 'proven', document: {}, reason: null, positions: [{ market: 'A', size: 1, price: 2 }] },
    collateral: 1,
  }) as unknown as ProofPayload;

const leafOf = (planId: string, barEnd: number | null): InclusionPayload => ({
  ...{ planId, account: 'ann' },
  inclusion: barEnd === null ? null : { barEnd: new Date(barEnd).toISOString() },
});

/** The tables in memory. */
class Tables {
  readonly epochs: (Pick<SettlementEpochEntity, 'epochId' | 'barEnd' | 'status' | 'epoch'> & {
    reason?: string;
  })[] = [];
  readonly transactions: string[] = [];
  private readonly kept = new Map<string, { document: unknown; reason: string | null }>();
  private readonly plans = new Map<string, StoredPlan>();
  private readonly leaves = new Map<string, IncludedAccount>();

  readonly repository = fake<SettlementRepository>({
    senderLease: () => fake<DatabaseLease>({}),
    addEpoch: (_, given) => {
      if (!this.epochs.some(({ epochId }) => epochId === given.epochId))
        this.epochs.push({
          ...{ epochId: given.epochId, barEnd: String(given.barEnd), status: 'proving', epoch: given },
        });
      return Promise.resolve();
    },
    pending: () =>
      Promise.resolve(
        this.epochs.filter(
          ({ status }) => status === 'proving' || status === 'settling',
        ) as SettlementEpochEntity[],
      ),
    setEpoch: (_, id, status, { reason } = {}) => {
      Object.assign(
        this.epochs.find(({ epochId }) => epochId === id)!,
        { status, reason },
      );
      return Promise.resolve();
    },
    epochAt: (_, at) => {
      const found = this.epochs.find(({ epoch: given }) => {
        const { barEnd, barMs } = given as EpochPayload;
        return barEnd <= at && at < barEnd + barMs;
      });
      return Promise.resolve((found as SettlementEpochEntity | undefined) ?? null);
    },
    proofs: (_, jobs) =>
      Promise.resolve(
        new Map(jobs.flatMap((job) => (this.kept.has(job) ? [[job, this.kept.get(job)!]] : []))),
      ),
    keepProof: (_, job, proof) => {
      this.kept.set(job, proof);
      return Promise.resolve();
    },
    keepPlan: (_, id, plan) => Promise.resolve(void this.plans.set(id, plan)),
    plan: (id) => Promise.resolve(this.plans.get(id)),
    keepLeaf: (_, id, leaf) => Promise.resolve(void this.leaves.set(id, leaf as IncludedAccount)),
    leaf: (id) => Promise.resolve(this.leaves.get(id)),
    epoch: (id) =>
      Promise.resolve(this.epochs.find(({ epochId }) => epochId === id) as SettlementEpochEntity),
    plansOf: (_, id) =>
      Promise.resolve([...this.plans].filter(([, { epochId }]) => epochId === id).map(([plan]) => plan)),
    addTransaction: (_, id) => Promise.resolve(void this.transactions.push(id)),
  } as Partial<SettlementRepository>);
}

describe(SettlementService, () => {
  let tables: Tables;
  let settlement: SettlementService;
  /** version of the margin in force on the chain */
  let margin: (time: bigint) => Promise<bigint>;
  const epochs = (...given: EpochPayload[]) =>
    settlement.onEpochs(messagesOf(given), new ServiceBatch().context);
  const proofs = (...given: ProofPayload[]) =>
    settlement.onProofs(messagesOf(given), new ServiceBatch().context);
  const leaves = (...given: InclusionPayload[]) =>
    settlement.onInclusions(messagesOf(given), new ServiceBatch().context);
  const statuses = () => tables.epochs.map(({ status }) => status);

  beforeEach(() => {
    vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    tables = new Tables();
    margin = () => Promise.reject(new Error('the node does not answer'));
    settlement = new SettlementService(
      settlementConfig({ SETTLEMENT: 'on' }),
      tables.repository,
      fake<EventLog>({}),
      { client: {}, account: {} } as unknown as SettlementChain,
      fake<SettlementCalls>({ marginAt: (time) => margin(time) }),
    );
  });

  it('sends a model with the first epoch of a chain, then each epoch’s prices and the epoch', async () => {
    await epochs(epoch(1, { chained: false }), epoch(2));
    expect(tables.transactions).toEqual([]);
    await proofs(barProof(1), barProof(2));
    expect(tables.transactions).toEqual([
      ...['prices-epoch-1', 'propose-model-epoch-1', 'install-model-epoch-1', 'publish-epoch-1'],
      ...['prices-epoch-2', 'publish-epoch-2'],
    ]);
    expect(statuses()).toEqual(['settling', 'settling']);
  });

  it('holds an epoch back for the ones before it, and for both proofs of its own', async () => {
    await epochs(epoch(1, { halves: 2 }), epoch(2));
    await proofs(barProof(2), barProof(1, 0));
    expect(tables.transactions).toEqual([]);
    await proofs(barProof(1, 1));
    expect(tables.transactions).toEqual([
      ...['prices-epoch-1', 'publish-epoch-1', 'prices-epoch-2', 'publish-epoch-2'],
    ]);
  });

  it('settles the ones after an epoch that could not be proven, and says why it is left out', async () => {
    await epochs(epoch(1), epoch(2));
    await proofs(barProof(1, 0, 'out of range'), barProof(2));
    expect(tables.epochs[0]).toMatchObject({
      status: 'failed',
      reason: 'bar-1-0 could not be proven: out of range',
    });
    expect(tables.transactions).toEqual(['prices-epoch-2', 'publish-epoch-2']);
  });

  it('sends nothing twice for a message that comes again', async () => {
    await epochs(epoch(1));
    await proofs(barProof(1));
    await epochs(epoch(1));
    await proofs(barProof(1));
    expect(tables.transactions).toEqual(['prices-epoch-1', 'publish-epoch-1']);
  });

  it('attests a plan after the epoch whose bar it was opened in, whichever proof comes first', async () => {
    await epochs(epoch(1), epoch(2));
    await leaves(leafOf('early', HOUR), leafOf('late', HOUR));
    await proofs(planProof('early', HOUR + 5));
    expect(tables.transactions).toEqual([]);
    await proofs(barProof(1));
    expect(tables.transactions.slice(2)).toEqual(['prices-early', 'attest-early']);
    await proofs(planProof('late', 2 * HOUR - 1));
    expect(tables.transactions.slice(4)).toEqual(['prices-late', 'attest-late']);
  });

  it('attests a plan only with its account’s leaf in the book of its epoch', async () => {
    await epochs(epoch(1));
    await proofs(barProof(1), planProof('a', HOUR + 5), planProof('b', HOUR + 6), planProof('c', HOUR + 7));
    expect(tables.transactions).toHaveLength(2);
    await leaves(leafOf('a', null), leafOf('b', 2 * HOUR), leafOf('c', HOUR));
    expect(tables.transactions.slice(2)).toEqual(['prices-c', 'attest-c']);
  });

  it('attests a plan under portfolio margin only where one was registered when it was made', async () => {
    const portfolio = (planId: string, at: number) => {
      const proof = planProof(planId, at);
      return { ...proof, document: { ...proof.document, annex: { unit: '1' } } };
    };
    await epochs(epoch(1));
    await proofs(barProof(1));
    await leaves(...['before', 'after', 'unknown', 'linear'].map((plan) => leafOf(plan, HOUR)));
    margin = (time) => Promise.resolve(time > BigInt(HOUR / 1000 + 60) ? 1n : 0n);
    await proofs(portfolio('before', HOUR + 59_000), portfolio('after', HOUR + 61_000));
    expect(tables.transactions.slice(2)).toEqual(['prices-after', 'attest-after']);
    // Whether a node answers decides nothing.
    margin = () => Promise.reject(new Error('the node does not answer'));
    await proofs(portfolio('unknown', HOUR + 5), planProof('linear', HOUR + 5));
    expect(tables.transactions.slice(4)).toEqual([
      ...['prices-unknown', 'attest-unknown'],
      ...['prices-linear', 'attest-linear'],
    ]);
  });

  it('attests no plan of a bar that is not proven', async () => {
    await epochs(epoch(1));
    await proofs(
      barProof(1, 0, 'out of range'),
      planProof('of-failed', HOUR),
      planProof('of-none', 9 * HOUR),
    );
    expect(tables.transactions).toEqual([]);
  });
});
