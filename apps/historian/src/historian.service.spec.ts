import { beforeEach, describe, expect, it } from 'vitest';
import type { BookPayload, PlanPayload, SamplePayload } from '#lib/messages';
import { fake, messagesOf, ServiceBatch } from '../../../test/support/service-batch.js';
import type { HistorianRepository, Row } from './historian.repository.js';
import { HistorianService } from './historian.service.js';

const DAY = 86_400_000;
const MARCH = Date.UTC(2025, 2, 10);

const sample = (at: number): SamplePayload => ({
  at,
  markets: ['A', 'B'].map((market) => ({
    ...{ market, mark: '100', state: 'ok', size: '5', fundingPerUnitPerYear: 2, allocation: 3 },
  })),
  ...{ capital: '10', liquidity: '20', shares: { outstanding: '4', worth: '21' } },
});

describe(HistorianService, () => {
  let written: [table: string, rows: readonly Row[]][];
  let dropped: number[];
  const service = (days: number) =>
    new HistorianService(
      { HISTORY_RETENTION_DAYS: days },
      fake<HistorianRepository>({
        write: (_, table, rows) => Promise.resolve(void written.push([table, rows])),
        writeBuckets: (_, table, rows) => Promise.resolve(void written.push([table, rows])),
        partitions: fake<HistorianRepository['partitions']>({
          drop: (_, before) => {
            dropped.push(before);
            return Promise.resolve([]);
          },
        }),
      }),
    );
  beforeEach(() => {
    written = [];
    dropped = [];
  });

  it('writes a row for each market of a sample, and one of the shares', async () => {
    const historian = service(0);
    await historian.onSamples(messagesOf([sample(MARCH), sample(MARCH + 1000)]), new ServiceBatch().context);
    const [[markets, rows], [shares, worth]] = written;
    expect(markets).toBe('history_market');
    expect(rows.map(({ at, market }) => [at, market])).toEqual([
      [MARCH, 'A'],
      [MARCH, 'B'],
      [MARCH + 1000, 'A'],
      [MARCH + 1000, 'B'],
    ]);
    expect(rows[0]).toMatchObject({ mark: '100', funding_per_unit_year: 2, allocation: 3 });
    expect(shares).toBe('history_shares');
    expect(worth[1]).toEqual({
      ...{ at: MARCH + 1000, capital: '10', liquidity: '20', outstanding: '4', worth: '21' },
    });
    expect(historian.newest).toBe(MARCH + 1000);
    expect(dropped).toEqual([]);
  });

  it('drops what is older than the retention once in a month of market time', async () => {
    const historian = service(30);
    for (const at of [MARCH, MARCH + DAY, Date.UTC(2025, 3, 1)])
      await historian.onSamples(messagesOf([sample(at)]), new ServiceBatch().context);
    expect(dropped).toEqual([MARCH - 30 * DAY, Date.UTC(2025, 3, 1) - 30 * DAY]);
  });

  it('keeps funding by market, premia, charges of accounts and flows of money, and nothing of other events', async () => {
    const charge = { risk: '0', liquidity: '0', penalties: '0', fees: '0', credit: '0' };
    const flow = {
      ...{ provided: '0', withdrawn: '0', exit_fees: '0' },
      ...{ deposited: '0', paid_out: '0', credit: '0', bad_debt: '0' },
    };
    const events = [
      { kind: 'funding-accrued', at: 1, markets: [['A', '0.5', '0.25', '7']] },
      {
        ...{ kind: 'trade-booked', at: 2, account: 'ann' },
        ...{ riskPremium: '3', liquidityPremium: '1', penalty: '7' },
      },
      { kind: 'trade-booked', at: 3, account: 'bob', riskPremium: '-4', liquidityPremium: '2' },
      {
        ...{ kind: 'trade-busted', at: 4, account: 'bob' },
        ...{ riskPremium: '-4', liquidityPremium: '2', penalty: '0' },
      },
      {
        ...{ kind: 'match-booked', at: 5 },
        accounts: [
          { account: 'ann', fee: '0.1', riskPremium: '1', liquidityPremium: '0.5' },
          { account: 'bob', fee: '-0.1', riskPremium: '2', liquidityPremium: '0.25' },
        ],
      },
      { kind: 'credit-charged', at: 6, account: 'ann', charged: '0.75' },
      { kind: 'account-deposited', at: 7, account: 'ann', amount: '100' },
      { kind: 'account-withdrawn', at: 8, account: 'ann', amount: '60' },
      { kind: 'bankruptcy-settled', at: 9, account: 'bob', loss: '12' },
      { kind: 'liquidity-deposited', at: 10, amount: '1000' },
      { kind: 'liquidity-withdrawn', at: 11, paid: '900', fee: '9' },
      { kind: 'liquidity-valued', at: 12, amount: '50' },
      { kind: 'liquidity-valued', at: 13, amount: '-20' },
      { kind: 'vested', at: 14 },
    ];
    await service(0).onBook(messagesOf(events as unknown as BookPayload[]), new ServiceBatch().context);
    expect(Object.fromEntries(written)).toEqual({
      history_funding: [{ at: 1, market: 'A', risk: '0.5', liquidity: '0.25', index: '7' }],
      history_premia: [
        { at: 2, risk: '3', liquidity: '1', penalties: '7', trades: 1 },
        { at: 3, risk: '-4', liquidity: '2', penalties: '0', trades: 1 },
        { at: 4, risk: '4', liquidity: '-2', penalties: '0', trades: -1 },
        { at: 5, risk: '1', liquidity: '0.5', penalties: '0', trades: 1 },
        { at: 5, risk: '2', liquidity: '0.25', penalties: '0', trades: 0 },
      ],
      history_charges: [
        { at: 2, account: 'ann', ...charge, risk: '3', liquidity: '1', penalties: '7' },
        { at: 3, account: 'bob', ...charge, risk: '-4', liquidity: '2' },
        { at: 4, account: 'bob', ...charge, risk: '4', liquidity: '-2' },
        { at: 5, account: 'ann', ...charge, risk: '1', liquidity: '0.5', fees: '0.1' },
        { at: 5, account: 'bob', ...charge, risk: '2', liquidity: '0.25', fees: '-0.1' },
        { at: 6, account: 'ann', ...charge, credit: '0.75' },
      ],
      history_flows: [
        { at: 6, ...flow, credit: '0.75' },
        { at: 7, ...flow, deposited: '100' },
        { at: 8, ...flow, paid_out: '60' },
        { at: 9, ...flow, bad_debt: '12' },
        { at: 10, ...flow, provided: '1000' },
        { at: 11, ...flow, withdrawn: '900', exit_fees: '9' },
        { at: 12, ...flow, provided: '50' },
        { at: 13, ...flow, withdrawn: '20' },
      ],
    });
  });

  it('keeps a plan when it is opened and when it is closed', async () => {
    const plan = { planId: 'p', account: 'ann', at: 5 };
    const plans = [
      { ...plan, kind: 'opened', orders: [{ market: 'A', size: '-1' }] },
      { ...plan, kind: 'claimed' },
      { ...plan, kind: 'closed', status: 'executed', reason: 'done' },
    ];
    await service(0).onPlans(messagesOf(plans as unknown as PlanPayload[]), new ServiceBatch().context);
    const [[table, rows]] = written;
    expect(table).toBe('history_liquidation');
    expect(rows.map(({ kind, status, reason }) => [kind, status, reason])).toEqual([
      ['opened', 'open', null],
      ['closed', 'executed', 'done'],
    ]);
    expect(JSON.parse(rows[0].orders as string)).toEqual([{ market: 'A', size: '-1' }]);
  });
});
