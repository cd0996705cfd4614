import { beforeEach, describe, expect, it } from 'vitest';
import type { IncludedAccount } from '#lib/commitment';
import { type BookEvent, commandKeyText, commandOf, contentDigest } from '#lib/exchange';
import { type AccountPayload, type InclusionPayload, type PlanPayload, TOPICS } from '#lib/messages';
import { fake, messagesOf, ServiceBatch } from '../../../test/support/service-batch.js';
import type { BookCommitments } from './book/book-commitments.js';
import type { TradeJournals } from './book/trade-journals.js';
import type { LedgerSnapshots } from './ledger-snapshots.js';
import { pricerConfig } from './pricer.config.js';
import type { PricerRepository } from './pricer.repository.js';
import { PricerService } from './pricer.service.js';
import type { QuoteSeal } from './quote-seal.js';

const deposit = (commandId: string, amount: string, account = 'ann'): AccountPayload => ({
  kind: 'deposit',
  ...{ commandId, account, amount },
});
const HOUR = 3_600_000;
const opened = (planId: string, account: string, given: unknown): PlanPayload => ({
  kind: 'opened',
  ...{ planId, account, at: 5 * HOUR + 7, expiresAt: 6 * HOUR, orders: [], parameters: 1 },
  plan: { case: given },
});
const keyOf = (commandId: string) => ({ topic: TOPICS.accounts.name, owner: 'ann', id: commandId });

describe(PricerService, () => {
  let journal: BookEvent[];
  let pricer: PricerService;

  beforeEach(() => {
    journal = [];
    const repository = fake<PricerRepository>({
      digests: () =>
        Promise.resolve(
          new Map(
            journal.flatMap((event) => {
              const key = commandOf(event);
              return key === undefined ? [] : [[commandKeyText(key), event.digest ?? '']];
            }),
          ),
        ),
      outcomes: () =>
        Promise.resolve(
          new Map(
            journal.flatMap((event) => {
              const key = commandOf(event);
              return key === undefined ? [] : [[commandKeyText(key), { digest: event.digest ?? '', event }]];
            }),
          ),
        ),
      append: (_, first, events) => {
        expect(first).toBe(journal.length + 1);
        journal.push(...events);
        return Promise.resolve();
      },
      saveState: () => Promise.resolve(),
      saveParameters: () => Promise.resolve(),
    });
    pricer = new PricerService(
      pricerConfig({}),
      repository,
      fake<LedgerSnapshots>({ committed: () => undefined }),
      fake<BookCommitments>({
        booked: () => undefined,
        leaf: (account, at) =>
          Promise.resolve(
            account === 'ann'
              ? ({ barEnd: new Date(at - (at % HOUR)).toISOString() } as IncludedAccount)
              : undefined,
          ),
      }),
      fake<TradeJournals>({ keep: () => Promise.resolve() }),
      fake<QuoteSeal>({}),
    );
  });

  async function take(...commands: AccountPayload[]): Promise<ServiceBatch> {
    const batch = new ServiceBatch();
    await pricer.onAccounts(messagesOf(commands, 1_700_000_000_000), batch.context);
    batch.commit();
    return batch;
  }

  it('journals, publishes and tells the state of every account that a batch has changed', async () => {
    const batch = await take(deposit('1', '5'), deposit('2', '7', 'bob'), deposit('3', '6'));
    expect(journal.map(({ kind }) => kind)).toEqual(Array(3).fill('account-deposited'));
    const published = batch.published();
    const keys = (topic: string) =>
      published.filter((message) => message.topic === topic).map(({ key }) => key);
    expect(keys('book')).toHaveLength(3);
    expect(keys('account-states')).toEqual(['ann', 'bob']);
    expect(keys('pool-states')).toEqual(['pool']);
    // Version 1 of the parameters is published with the first batch, and never again.
    expect(keys('parameters')).toEqual(['1']);
    expect((await take(deposit('4', '1'))).published().some(({ topic }) => topic === 'parameters')).toBe(
      false,
    );
    expect(pricer.engine.ledger.cashOf('ann')).toBe(1_200_000_000n);
  });

  it('decides a command once: again within a batch, or in a later one, it changes nothing', async () => {
    await take(deposit('1', '5'), deposit('1', '5'));
    await take(deposit('1', '5'));
    expect(journal).toHaveLength(1);
    expect(pricer.engine.ledger.cashOf('ann')).toBe(500_000_000n);
  });

  it('refuses another content under a used id, in the dead letters and in the book', async () => {
    const batch = await take(deposit('1', '5'), deposit('1', '50'), deposit('2', '1'));
    expect(batch.rejections).toEqual([{ index: 1, reason: 'the id 1 was used for another command' }]);
    expect(journal.map(({ kind }) => kind)).toEqual([
      ...['account-deposited', 'command-id-reused', 'account-deposited'],
    ]);
    expect(pricer.engine.ledger.cashOf('ann')).toBe(600_000_000n);
  });

  it('tells whoever waits for an outcome, once it is committed, and only its own', async () => {
    const digest = contentDigest(deposit('1', '5'));
    const outcome = pricer.outcome(keyOf('1'), digest, 5000);
    const other = pricer.outcome(keyOf('1'), contentDigest(deposit('1', '50')), 5000);
    const refused = expect(other).rejects.toThrow(/1/);
    const late = pricer.outcome(keyOf('9'), digest, 20);
    await take(deposit('1', '5'));
    expect(await outcome).toMatchObject({ kind: 'account-deposited', amount: '5' });
    await refused;
    expect(await late).toBeUndefined();
    // Decided before it is asked for: from the journal.
    expect(await pricer.outcome(keyOf('1'), digest, 0)).toMatchObject({ kind: 'account-deposited' });
  });

  it('gives a plan, whatever its margin, its account’s place in the book of the bar before', async () => {
    const batch = new ServiceBatch();
    const linear = { positions: [{ market: 'BTC', size: 1 }] };
    await pricer.onPlans(
      messagesOf<PlanPayload>([
        opened('a', 'ann', linear),
        opened('b', 'bob', linear),
        opened('c', 'ann', { ...linear, portfolio: {} }),
        ...[undefined, 7, {}, { positions: 'all' }, { positions: [null] }].map((given, i) =>
          opened(`none-${i}`, 'ann', given),
        ),
        { kind: 'closed', planId: 'a', account: 'ann', at: 0, status: 'executed', reason: '' },
      ]),
      batch.context,
    );
    expect(batch.published<InclusionPayload>().map(({ key, payload }) => [key, payload])).toEqual([
      ['a', { planId: 'a', account: 'ann', inclusion: { barEnd: '1970-01-01T05:00:00.000Z' } }],
      ['b', { planId: 'b', account: 'bob', inclusion: null }],
      ['c', { planId: 'c', account: 'ann', inclusion: { barEnd: '1970-01-01T05:00:00.000Z' } }],
    ]);
  });
});
