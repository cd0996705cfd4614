import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '../../../test/support/arbitraries.js';
import { ExchangeMachine, START } from '../../../test/support/exchange-machine.js';
import { notionalOf } from '#lib/amounts';
import { ExchangeLedger, MarketStateError, PricingEngine, type PricingEngineState } from './index.js';

const MARKETS = ['A', 'B', 'C'];

interface Step {
  readonly kind: string;
  readonly account: string;
  readonly market: string;
  readonly size: number;
  readonly move: number;
  readonly laterMs: number;
}

const KINDS = ['trade', 'trade', 'close', 'mark', 'marks', 'forecast', 'withdraw', 'provide', 'leave'];

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    account: fc.constantFrom('x', 'y', 'z'),
    market: fc.constantFrom(...MARKETS),
    size: uniform(-3000, 3000),
    move: uniform(-0.03, 0.03),
    laterMs: fc.integer({ min: 1, max: 90_000 }),
  }),
  { maxLength: 25 },
);

function machineAfter(drawn: readonly Step[], each: (machine: ExchangeMachine) => void): void {
  const machine = new ExchangeMachine(MARKETS);
  machine.provide('lp', 3_000_000);
  for (const account of ['x', 'y', 'z']) machine.deposit(account, 1_000_000);
  for (const { kind, account, market, size, move, laterMs } of drawn) {
    const mark = machine.engine.board.mark(market)!.value;
    if (kind === 'trade') machine.trade(account, { [market]: size.toFixed(8) });
    else if (kind === 'close') machine.liquidateAll(account);
    else if (kind === 'mark') {
      machine.time += 1 + laterMs;
      const price = (mark * Math.exp(move)).toFixed(6);
      machine.engine.take({ market, price, time: machine.time, sequence: machine.time });
      machine.engine.takeMatured();
    } else if (kind === 'marks')
      machine.marks({ [market]: Number((mark * Math.exp(move)).toFixed(6)) }, laterMs);
    else if (kind === 'forecast') machine.forecast({ volatility: 0.05 + Math.abs(move) });
    else if (kind === 'withdraw') machine.withdraw(account, Math.abs(size).toFixed(4));
    else if (kind === 'provide') machine.provide('lp2', (1 + Math.abs(size)).toFixed(4));
    else machine.leave('lp2', (1 + Math.abs(size) / 2).toFixed(4));
    each(machine);
  }
}

/** An engine that starts from the stored state, as a process does. */
function started({ engine }: ExchangeMachine): PricingEngine {
  const { ledger, parameters, board } = engine;
  const state = JSON.parse(JSON.stringify(engine.snapshot())) as PricingEngineState;
  return new PricingEngine(
    parameters,
    ExchangeLedger.restore(ledger.snapshot(), ledger.horizonMs, ledger.bucketMs),
    state,
    board.latestForecast,
  );
}

/** The prices of a trade, or the refusal: a market that is stale or uncertain by then is priced by neither engine. */
function answer(engine: PricingEngine, legs: Parameters<PricingEngine['price']>[0]): unknown {
  try {
    return engine.price(legs);
  } catch (error) {
    if (!(error instanceof MarketStateError)) throw error;
    return { code: error.code, details: error.details };
  }
}

describe('the book in place', () => {
  it('is to the last bit what a process has that starts from the tables: prices, funding, solvency, who is due', () => {
    fc.assert(
      fc.property(steps, (drawn) => {
        machineAfter(drawn, (machine) => {
          const { engine } = machine;
          const fresh = started(machine);
          expect(fresh.snapshot()).toEqual(JSON.parse(JSON.stringify(engine.snapshot())));
          expect(fresh.solvency()).toEqual(engine.solvency());
          for (const market of MARKETS) {
            const legs = [{ market, size: '12.5' }];
            expect(answer(fresh, legs)).toEqual(answer(engine, legs));
          }
          const both = [
            { market: 'A', size: '-3' },
            { market: 'C', size: '7' },
          ];
          expect(answer(fresh, both)).toEqual(answer(engine, both));
          expect(fresh.assessment()).toEqual(engine.assessment());
          expect(fresh.standing.record()).toEqual(engine.standing.record());
          // Events of both for the same next command, funding included.
          const later = started(machine);
          const trade = {
            ...{ tradeId: 'next', account: 'x', legs: [{ market: 'B', size: '1' }] },
          };
          expect(later.book(trade, machine.time)).toEqual(fresh.book(trade, machine.time));
          expect(later.settleTime()).toEqual(fresh.settleTime());
        });
      }),
      { numRuns: 60 },
    );
  });

  it('counts gains, and prices, as walking the books does', () => {
    fc.assert(
      fc.property(steps, (drawn) => {
        machineAfter(drawn, ({ engine }) => {
          let gains = 0n;
          for (const market of MARKETS) {
            const { size, entryNotional } = engine.ledger.market(market);
            gains += notionalOf(size, engine.board.mark(market)!.price, 'up') - entryNotional;
          }
          expect(engine.claims).toBe(engine.ledger.collateral + gains);
          // Pairwise sums beside plain ones: equal to rounding.
          if (!engine.board.permits('A', 'reduce')) return;
          const legs = [{ market: 'A', size: '5' }];
          const { riskBefore } = engine.price(legs);
          const { assessment } = engine.assessment();
          const { exposure } = assessment;
          const scale =
            exposure.volatility + Math.abs(exposure.forward) + Math.abs(exposure.totalEntryNotional) + 1e7;
          expect(Math.abs(riskBefore - assessment.riskMeasure)).toBeLessThan(1e-12 * scale);
        });
      }),
    );
  });

  it('makes funding exact where it is touched, and all of it once a minute of market time has ended', () => {
    const machine = new ExchangeMachine(MARKETS);
    machine.provide('lp', 3_000_000);
    for (const account of ['x', 'y']) machine.deposit(account, 100_000_000);
    for (const market of MARKETS) machine.trade('x', { [market]: 10_000 });
    const fundingOf = () =>
      machine.events.flatMap((event) => (event.kind === 'funding-accrued' ? [event] : []));
    expect(fundingOf()).toEqual([]);
    machine.marks({}, 10_000);
    expect(fundingOf()).toEqual([]);
    machine.trade('y', { B: 1 });
    expect(fundingOf().map(({ at, markets }) => [at, markets.map(([market]) => market)])).toEqual([
      [START + 10_000, ['B']],
    ]);
    machine.trade('y', { B: 1 });
    expect(fundingOf()).toHaveLength(1);
    machine.marks({}, 49_999);
    machine.trade('y', { A: 1 });
    expect(
      fundingOf()
        .at(-1)!
        .markets.map(([market]) => market),
    ).toEqual(['A']);
    // Prices alone bring no event; the first command of the next minute does.
    machine.marks({}, 1);
    expect(fundingOf()).toHaveLength(2);
    machine.deposit('y', 1);
    expect(fundingOf().at(-1)).toMatchObject({ at: START + 60_000 });
    expect(
      fundingOf()
        .at(-1)!
        .markets.map(([market]) => market),
    ).toEqual(MARKETS);
    // A payout waits for nothing: all that is owed by then is exact before it.
    machine.marks({}, 20_000);
    machine.withdraw('y', 1);
    expect(fundingOf().at(-1)).toMatchObject({ at: START + 80_000 });
    expect(
      fundingOf()
        .at(-1)!
        .markets.map(([market]) => market),
    ).toEqual(MARKETS);
  });

  it('charges the rates that held while they held: a mark at the end of an interval changes nothing of it', () => {
    const owed = (price: number) => {
      const machine = new ExchangeMachine(['A', 'B']);
      machine.provide('lp', 3_000_000);
      machine.deposit('x', 100_000_000);
      machine.trade('x', { A: 10_000 });
      machine.marks({ A: price }, 30_000);
      machine.settle();
      return machine.ledger.market('A').fundingIndex;
    };
    expect(owed(100)).toBeGreaterThan(0n);
    expect(owed(110)).toBe(owed(100));
  });
});
