import { describe, expect, it } from 'vitest';
import {
  lossStatementFailures,
  reductionChunkFailures,
  reductionGap,
  reductionGapFailures,
  reductionStatementFailures,
} from '#lib/margin';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { ExchangeMachine, money } from '../../../../test/support/exchange-machine.js';
import type { GainsCut, HaircutSettled, PositionsReduced } from '../book/book-event.js';
import { reducePositions } from './reduce-positions.js';
import { lossLeaves, lossStatementOf, reductionLeavesOf, reductionStatementOf } from './settled-losses.js';
import { lossSettlement, lossShareNow, settleLosses } from './settle-losses.js';

type Held = Readonly<Record<string, readonly [cash: string, sizes: Readonly<Record<string, string>>]>>;

/** Accounts with cash and positions at 100, the marks. */
function machine(held: Held): ExchangeMachine {
  const made = new ExchangeMachine(['A', 'B'], { volatility: 0.02 });
  for (const [account, [cash, sizes]] of Object.entries(held)) {
    const legs = Object.entries(sizes).map(([market, size]) => ({ market, size, price: '100' }));
    made.ledger.apply({ ...BOOK_EVENTS['account-deposited'], at: made.time, account, amount: cash });
    made.ledger.apply({ ...BOOK_EVENTS['trade-booked'], at: made.time, account, legs });
  }
  made.restart();
  return made;
}
const reduced = (made: ExchangeMachine, share: number) =>
  reducePositions(made.engine, made.time, share) as PositionsReduced[];
const closed = (events: readonly PositionsReduced[]) =>
  Object.fromEntries(
    events.flatMap(({ reductions }) =>
      reductions.map(({ account, market, size }) => [`${account} ${market}`, Number(size)]),
    ),
  );

describe(reducePositions, () => {
  it('closes a share of the pool’s position on its side, those with most risk per equity first', () => {
    const made = machine({
      x: ['1000', { A: '60' }],
      y: ['1000', { A: '40' }],
      z: ['1000', { A: '-10' }],
      w: ['4000', { A: '10' }],
    });
    // Net 100 long: half of it is 50. x and y have the same equity, w four times as much and a tenth.
    const events = reduced(made, 0.5);
    const sizes = closed(events);
    expect(sizes['x A']).toBeCloseTo(-35, 3);
    expect(sizes['y A']).toBeCloseTo(-15, 3);
    expect(Object.keys(sizes)).toEqual(['x A', 'y A']);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      kind: 'positions-reduced',
      at: made.time,
      settlementId: 'settlement-0',
    });
    expect(events[0].reductions.map(({ price }) => price)).toEqual(['100', '100']);
    expect(events[0].program).toMatchObject({
      markets: [{ market: 'A', price: '100', reduce: '50' }],
      covariance: ['1073741824'],
    });
    expect(events[0].held?.map(([account, equity]) => [account, equity])).toEqual([
      ['w', '4000'],
      ['x', '1000'],
      ['y', '1000'],
    ]);
  });

  it('leaves a statement by which anybody can judge it', () => {
    const made = machine({
      x: ['1000', { A: '60', B: '5' }],
      y: ['500', { A: '40', B: '-30' }],
      w: ['4000', { A: '-10', B: '-8' }],
    });
    const events = reduced(made, 0.4);
    const statement = reductionStatementOf(events)!;
    expect(reductionStatementFailures(statement)).toEqual([]);
    const leaves = reductionLeavesOf(events[0].program!, events[0]);
    expect(reductionChunkFailures(statement, 0, leaves, '')).toEqual([]);
    expect(reductionGapFailures(reductionGap(statement.terms, leaves))).toEqual([]);
    // 36 of 90 of A, 13.2 of 33 short of B; positions of the other side stay.
    const sizes = closed(events);
    const sum = (market: string) =>
      Object.entries(sizes).reduce((total, [name, size]) => total + (name.endsWith(market) ? size : 0), 0);
    expect([sum('A'), sum('B')].map((size) => Number(size.toFixed(3)))).toEqual([-36, 13.2]);
    expect(sizes).not.toHaveProperty('x B');
    expect(sizes).not.toHaveProperty('w A');
    for (const event of events) made.ledger.apply(event);
    expect(made.ledger.recount()).toBeUndefined();
  });

  it('closes shorts the same way, and all of them at most', () => {
    const made = machine({ x: ['1000', { A: '-60' }], y: ['1000', { A: '-40' }] });
    expect(closed(reduced(made, 0.5))['x A']).toBeCloseTo(35, 3);
    const all = closed(reduced(made, 7));
    expect([all['x A'], all['y A']]).toEqual([60, 40]);
  });

  it('does nothing without a share, a position of the pool, or an account that has equity', () => {
    const made = machine({ x: ['1000', { A: '60' }] });
    expect([reduced(made, 0), reduced(made, -1)]).toEqual([[], []]);
    expect(reduced(machine({ x: ['1000', { A: '60' }], y: ['1000', { A: '-60' }] }), 0.5)).toEqual([]);
    expect(reduced(machine({ x: ['0', { A: '60' }] }), 0.5)).toEqual([]);
    // Who has none is passed over: the others’ positions are reduced, as far as they go.
    const both = machine({ x: ['0', { A: '60' }], y: ['1000', { A: '10' }] });
    expect(closed(reduced(both, 0.5))).toEqual({ 'y A': -10 });
  });

  it('weighs an account of almost nothing by a 256th of its positions', () => {
    const made = machine({ x: ['1', { A: '60' }], y: ['1000', { A: '40' }] });
    const [event] = reduced(made, 0.5);
    // 6,000 over 256.
    expect(event.held?.map(([account, equity]) => [account, equity])).toEqual([
      ['x', '23.4375'],
      ['y', '1000'],
    ]);
  });
});

describe('settling a loss past the pool', () => {
  /** Deposits of 1,000 in all; x has won 300 since the window began, y nothing, z owes 50. */
  const lost = () => {
    const made = machine({ x: ['500', { A: '10' }], y: ['450', {}], z: ['50', { B: '10' }] });
    const begun = [
      ['A', '100'],
      ['B', '100'],
    ] as const;
    made.ledger.apply({ ...BOOK_EVENTS['window-begun'], at: made.time, marks: begun });
    made.marks({ A: 130, B: 90 });
    return made;
  };

  it('shares what is missing of all claims: gains first, then principal', () => {
    const { engine } = lost();
    const settlement = lossSettlement(engine);
    // Claims of 800 and 450 against deposits of 1,000; z has nothing to take.
    expect(settlement.need).toBe(money(250));
    expect(settlement.parts).toEqual([
      { account: 'x', equity: money(800), gain: money(300), cut: money(250) },
      { account: 'y', equity: money(450), gain: 0n, cut: 0n },
    ]);
    expect(lossShareNow(engine)).toEqual({
      at: engine.board.now,
      need: money(250),
      gains: money(300),
      principal: money(950),
    });
  });

  it('books cuts, the equity of everybody, and a statement that holds', () => {
    const made = lost();
    const [cut, settled, ...more] = settleLosses(made.engine, made.time) as [GainsCut, HaircutSettled];
    expect(more).toEqual([]);
    expect(cut).toEqual({
      ...{ kind: 'gains-cut', at: made.time, settlementId: 'settlement-1', cuts: [['x', '250']] },
      held: [
        ['x', '300', '800'],
        ['y', '0', '450'],
      ],
    });
    expect(settled).toMatchObject({
      ...{ kind: 'haircut-settled', at: made.time, settlementId: 'settlement-1', need: '250', gains: '300' },
      ...{ fromGains: '250', fromPrincipal: '0', accounts: 1, root: settled.chunks[0].root },
      chunks: [
        {
          accounts: 2,
          gains: '300',
          principal: '950',
          cuts: '250',
          last: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
      ],
    });
    expect(lossStatementFailures(lossStatementOf(settled))).toEqual([]);
    expect(lossLeaves(cut)).toHaveLength(2);
    for (const event of [cut, settled]) made.ledger.apply(event);
    // The number of the next one.
    made.ledger.apply({ ...BOOK_EVENTS['bankruptcy-settled'], at: made.time, account: 'z', loss: '0' });
    expect(settleLosses(made.engine, made.time)).toEqual([]);
    made.marks({ A: 140 });
    expect(settleLosses(made.engine, made.time)[0]).toMatchObject({ settlementId: 'settlement-2' });
  });

  it('is nothing while everybody can be paid', () => {
    const { engine, time } = machine({ x: ['500', { A: '10' }] });
    expect([lossSettlement(engine).need, settleLosses(engine, time)]).toEqual([0n, []]);
    expect(lossShareNow(engine)).toMatchObject({ need: 0n, gains: 0n, principal: money(500) });
  });
});
