import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '../../../../test/support/arbitraries.js';
import { ExchangeMachine } from '../../../../test/support/exchange-machine.js';
import { markParameters, type MarketOrder, marketOrderSeal } from '#lib/exchange';
import { type AccountSlice, BookCopy } from './book-copy.js';
import { stressReport, stressReportOf } from './stress-report.js';

const SECRET = 'the operator’s secret';
const MARKETS = ['A', 'B', 'C'];
const ACCOUNTS = ['u', 'v', 'w', 'x', 'y', 'z'];
const KINDS = [
  ...['trade', 'trade', 'isolated', 'close', 'marks', 'forecast', 'withdraw', 'deposit', 'leave', 'wait'],
  ...['rescale', 'newcomer'],
];

const steps = (most: number) =>
  fc.array(
    fc.record({
      kind: fc.constantFrom(...KINDS),
      account: fc.constantFrom(...ACCOUNTS),
      market: fc.constantFrom(...MARKETS),
      size: uniform(-100, 100),
    }),
    { minLength: 8, maxLength: most },
  );
type Step = ReturnType<typeof steps> extends fc.Arbitrary<readonly (infer T)[]> ? T : never;

/** Accounts that are charged for their default, under portfolio margin; an operator may give orders. */
function machineOf(): ExchangeMachine {
  const rules = { margin: { mode: 'portfolio' }, credit: { loading: 1.5 } };
  const marks = markParameters({ bandMinimum: 10, maximumStepMs: 1e12, orderSecret: SECRET });
  const machine = new ExchangeMachine(MARKETS, { rules, parameters: { marks } });
  machine.provide('lp', 3_000_000);
  for (const account of ACCOUNTS) {
    machine.deposit(account, 20_000);
    machine.provide(account, 1_000);
  }
  machine.marks();
  return machine;
}

let issued = 0;
function order(machine: ExchangeMachine, asked: Pick<MarketOrder, 'order' | 'market' | 'factor'>): void {
  const unsealed = { by: 'olga', reason: 'announced', issuedAt: ++issued, ...asked };
  machine.engine.order({ ...unsealed, seal: marketOrderSeal(SECRET, unsealed) });
  machine.engine.takeMatured();
}

function take(machine: ExchangeMachine, { kind, account, market, size }: Step): void {
  const mark = machine.engine.board.mark(market)!.value;
  if (kind === 'trade') machine.trade(account, { [market]: size.toFixed(4) });
  else if (kind === 'isolated') {
    machine.transfer(account, market, (30 * Math.abs(size)).toFixed(4));
    machine.trade(account, { [market]: (size / 4).toFixed(4) }, { margin: 'isolated' });
  } else if (kind === 'close') machine.liquidateAll(account);
  else if (kind === 'marks') machine.marks({ [market]: Number((mark * Math.exp(size / 2000)).toFixed(6)) });
  else if (kind === 'forecast') machine.forecast({ volatility: 0.03 + Math.abs(size) / 2000 });
  else if (kind === 'withdraw') machine.withdraw(account, Math.abs(size).toFixed(4));
  else if (kind === 'deposit') machine.deposit(account, Math.abs(size).toFixed(4));
  else if (kind === 'leave') machine.leave(account, Math.abs(size).toFixed(4));
  else if (kind === 'wait') machine.wait(3_600_000);
  else if (kind === 'newcomer') {
    machine.deposit(`new${size}`, 1_000);
    machine.trade(`new${size}`, { [market]: '1' });
  } else {
    order(machine, { order: 'halt', market });
    order(machine, { order: 'rescale', market, factor: size > 0 ? '10' : '0.5' });
    order(machine, { order: 'resume', market });
  }
}

describe(BookCopy, () => {
  it('is the book of its beginning, to the bit, whatever happens while it is taken', () => {
    fc.assert(
      fc.property(steps(25), steps(25), (before, meanwhile) => {
        const machine = machineOf();
        for (const step of before) take(machine, step);
        const whole = stressReport(machine.engine);
        const copy = BookCopy.of(machine.engine)!;
        const slices: AccountSlice[] = [];
        for (let i = 0; ; i++) {
          const slice = copy.slice(1);
          if (slice === undefined) break;
          slices.push(slice);
          if (i < meanwhile.length) take(machine, meanwhile[i]);
        }
        expect(stressReportOf(copy.frame, slices, [])).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  it('looks at those who have positions alone, also in a book that was read from its snapshot', () => {
    fc.assert(
      fc.property(steps(25), (before) => {
        const machine = machineOf();
        for (const step of before) take(machine, step);
        const snapshot = machine.ledger.snapshot();
        for (const ledger of [machine.ledger, machine.restored(snapshot)]) {
          const open = ledger.openPlaces();
          const known = ledger.participants.flatMap((name, place) =>
            ledger.hasPositions(name) ? [place] : [],
          );
          expect(known.every((place) => open.has(place))).toBe(true);
          const places: number[] = [];
          for (let place = open.next(0); place < Infinity; place = open.next(place + 1)) places.push(place);
          expect(places).toEqual(known);
        }
      }),
      { numRuns: 20 },
    );
    const machine = machineOf();
    machine.trade('u', { A: '10' });
    for (let i = 0; i < 3000; i++) machine.deposit(`idle${i}`, 1);
    machine.trade('idle2999', { A: '0.001' });
    const copy = BookCopy.of(machine.engine)!;
    expect(copy.slice(1000)!.names).toEqual(['u', 'idle2999']);
    expect(copy.slice(1000)).toBeUndefined();
  });

  it('has the debts of the scenarios that the exchange itself counts', () => {
    fc.assert(
      fc.property(steps(25), (before) => {
        const machine = machineOf();
        for (const step of before) take(machine, step);
        // All accounts at the marks of now.
        machine.forecast();
        while (!machine.engine.credit.complete) machine.marks();
        machine.forecast();
        while (!machine.engine.credit.complete) machine.marks({}, 0);
        const known = new Map(
          machine.engine.credit
            .worst(1000)
            .map(({ scenario, times, deficit }) => [`${times} ${scenario}`, deficit]),
        );
        for (const { scenario, times, deficit } of stressReport(machine.engine)!.credit)
          expect(deficit).toBeCloseTo(known.get(`${times} ${scenario}`)!, 2);
      }),
      { numRuns: 15 },
    );
  });

  it('costs the book nothing once it has been closed', () => {
    const machine = machineOf();
    machine.trade('u', { A: '10' });
    const copy = BookCopy.of(machine.engine)!;
    copy.close();
    machine.trade('u', { A: '10' });
    machine.trade('u', { A: '-20' });
    // The account has no position any more, and nobody has kept the one it had.
    expect(() => copy.slice(1000)).toThrow('0 accounts were copied of 1');
  });
});
