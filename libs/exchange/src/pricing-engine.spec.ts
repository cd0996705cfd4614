// Long because it is one list: what the machine does before and after every command, as the engine it tests has it.
import { describe, expect, it } from 'vitest';
import { equalSources } from '../../../test/support/price-sources.js';
import { BOOK_EVENTS } from '../../../test/support/book-events.js';
import {
  ExchangeMachine,
  HOUR_MS,
  money,
  PARAMETERS,
  START,
} from '../../../test/support/exchange-machine.js';
import { QuoteStaleError } from './errors.js';
import { markParameters } from './marks/mark-parameters.js';
import { firstRules, PricingEngine } from './index.js';

const DAY_MS = 24 * HOUR_MS;
const kinds = (events: readonly { readonly kind: string }[]) => events.map(({ kind }) => kind);

function traded(rules: object = {}): ExchangeMachine {
  const machine = new ExchangeMachine(['A', 'B'], { rules });
  machine.provide('lp', 1_000_000);
  machine.deposit('x', 10_000);
  machine.trade('x', { A: 100 });
  return machine;
}

describe('the state of the exchange’s decisions', () => {
  it('is plain data: what is stored is what goes on', () => {
    const machine = traded({ credit: { accountShare: null, poolShare: 1, loading: 1.5 } });
    machine.wait(1000);
    const state = machine.engine.snapshot();
    expect(state).toMatchObject({
      ...{ settledAt: machine.time, epoch: { day: START / DAY_MS, capital: 1_000_000 }, forecastId: 'f1' },
      ...{ insolventSince: null, lossShare: null, warmUp: [] },
    });
    expect(state.funding).not.toBeNull();
    expect(state.credit).toBeDefined();
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    // Of marks only those that have changed; the rest is the same.
    const { board, ...small } = machine.engine.changes();
    const { board: whole, ...rest } = machine.engine.snapshot();
    expect(small).toEqual(rest);
    expect(machine.engine.changes().board.markets).toEqual([]);
    expect([board.markets.length, whole.markets.length]).toEqual([2, 2]);
    const fresh = new PricingEngine(PARAMETERS, machine.restored());
    expect(fresh.snapshot()).toMatchObject({
      funding: null,
      forecastId: null,
      settledAt: 0,
      epoch: { day: 0, capital: 0 },
    });
    expect(fresh.snapshot()).not.toHaveProperty('credit');
  });

  it('is followed by another process, which then decides the same', () => {
    const machine = traded();
    const follower = new PricingEngine(machine.engine.parameters, machine.restored());
    follower.follow(machine.events, machine.engine.snapshot(), machine.engine.board.latestForecast);
    const told = ({ ledger, marginCapital, board }: PricingEngine) => ({
      ...{
        events: ledger.eventCount,
        marginCapital,
        now: board.now,
        forecast: board.latestForecast?.forecastId,
      },
    });
    const same = () => {
      expect(told(follower)).toEqual(told(machine.engine));
      expect(follower.snapshot()).toEqual(machine.engine.snapshot());
      expect(follower.solvency()).toEqual(machine.engine.solvency());
      expect(follower.price([{ market: 'A', size: '3' }])).toEqual(
        machine.engine.price([{ market: 'A', size: '3' }]),
      );
    };
    same();
    const seen = machine.events.length;
    machine.marks({ A: 120 }, 60_000);
    machine.trade('x', { A: -10 });
    machine.forecast({ volatility: 0.07 });
    machine.engine.board.setWarmUp([{ market: 'W', bars: 1, needed: 2 }]);
    // Without a new forecast the one before stays.
    follower.follow(machine.events.slice(seen), machine.engine.snapshot());
    expect(follower.board.latestForecast?.forecastId).toBe('f1');
    follower.follow([], machine.engine.snapshot(), machine.engine.board.latestForecast);
    same();
    expect(follower.board.warmUp).toEqual([{ market: 'W', bars: 1, needed: 2 }]);
  });

  it('has the loss that is to be shared, and since when the pool cannot pay', () => {
    const machine = traded();
    machine.marks({ A: 100 + 11_000 });
    machine.settle();
    const { insolventSince, lossShare } = machine.engine.snapshot();
    expect([insolventSince, lossShare?.[0]]).toEqual([machine.time, machine.time]);
    const share = machine.engine.lossShare();
    expect(share?.need).toBeGreaterThan(0n);
    machine.restart();
    expect(machine.engine.lossShare()).toEqual(share);
    const follower = new PricingEngine(machine.engine.parameters, machine.restored());
    follower.follow(machine.events, machine.engine.snapshot(), machine.engine.board.latestForecast);
    expect(follower.lossShare()).toEqual(share);
    // Counted anew a minute later, not before.
    machine.marks({ A: 12_000 }, 59_999);
    machine.settle();
    expect(machine.engine.lossShare()).toEqual(share);
    machine.marks({}, 1);
    machine.settle();
    expect(machine.engine.lossShare()?.at).toBe(machine.time);
    expect(machine.engine.lossShare()?.need).toBeGreaterThan(share!.need);
    machine.marks({ A: 100 });
    expect(machine.engine.lossShare()).toBeUndefined();
    machine.settle();
    expect(machine.engine.snapshot()).toMatchObject({ insolventSince: null, lossShare: null });
  });
});

describe('elapsed time', () => {
  it('is made exact in the markets of a command, and in all once a minute has ended', () => {
    const machine = new ExchangeMachine(['A', 'B']);
    expect(machine.engine.snapshot().settledAt).toBe(START);
    machine.marks({}, 59_000);
    machine.deposit('x', 1);
    expect(machine.engine.snapshot().settledAt).toBe(START);
    machine.marks({}, 1000);
    machine.deposit('x', 1);
    expect(machine.engine.snapshot().settledAt).toBe(START + 60_000);
  });

  it('begins a window of gains with each day, once somebody has a position', () => {
    const machine = new ExchangeMachine(['A', 'B']);
    machine.provide('lp', 1_000_000);
    machine.deposit('x', 10_000);
    machine.wait(DAY_MS);
    expect(machine.ledger.gainsSince).toBeUndefined();
    machine.trade('x', { A: 1 });
    machine.settle();
    const begun = () => machine.events.flatMap((event) => (event.kind === 'window-begun' ? [event] : []));
    expect(begun()).toMatchObject([{ at: START + DAY_MS, marks: [['A', '100']] }]);
    machine.wait(DAY_MS - 1);
    expect(begun()).toHaveLength(1);
    machine.wait(1);
    expect(begun()).toHaveLength(2);
    expect(machine.ledger.gainsSince).toBe(START + 2 * DAY_MS);
  });

  it('takes K anew each day', () => {
    const machine = new ExchangeMachine(['A']);
    machine.provide('lp', 1000);
    machine.settle();
    expect(machine.engine.marginCapital).toBe(1000);
    machine.provide('lp', 500);
    machine.settle();
    expect(machine.engine.marginCapital).toBe(1000);
    machine.wait(DAY_MS);
    expect(machine.engine.marginCapital).toBe(1500);
  });

  it('before the first price is the command’s own', () => {
    const engine = new PricingEngine(PARAMETERS, new ExchangeMachine(['A']).restored());
    const deposit = { kind: 'deposit', commandId: 'c', account: 'x', amount: '1' } as const;
    expect(engine.account(deposit, 77)).toEqual([
      { kind: 'account-deposited', at: 77, commandId: 'c', account: 'x', amount: '1' },
    ]);
    engine.take({ market: 'A', price: '100', time: 99, sequence: 1 });
    expect(engine.account({ ...deposit, commandId: 'd' }, 77)).toMatchObject([{ at: 99 }]);
  });
});

describe('a command', () => {
  it('is refused by its own event, with the time of the market', () => {
    const { engine, time } = traded();
    const rejected = (events: readonly object[]) => events.at(-1);
    expect(rejected(engine.match({ matchId: 'm', fills: [], pool: [], releases: [] }, 5))).toMatchObject({
      ...{ kind: 'match-rejected', at: time, matchId: 'm', code: 'invalid-input' },
    });
    expect(
      rejected(engine.liquidity({ kind: 'deposit', commandId: 'c', provider: 'lp', amount: '0' }, 5)),
    ).toMatchObject({
      ...{ kind: 'liquidity-rejected', at: time, commandId: 'c', provider: 'lp', code: 'invalid-input' },
    });
    const change = {
      commandId: 'c',
      base: 7,
      parameters: firstRules().parameters,
      by: 'olga',
      reason: 'a test',
      issuedAt: 5,
    };
    expect(rejected(engine.setParameters(change, 5))).toMatchObject({
      ...{ kind: 'parameters-rejected', at: time, commandId: 'c', code: 'parameters-version' },
    });
    const legs = [{ market: 'A', size: '-1' }];
    const plan = { planId: 'p', account: 'nobody', legs, liquidator: 'bot', parameters: 1 };
    expect(rejected(engine.liquidate(plan, 5))).toMatchObject({
      ...{
        kind: 'trade-rejected',
        at: time,
        tradeId: 'p',
        planId: 'p',
        account: 'nobody',
        code: 'nothing-to-reduce',
      },
    });
    const trade = { tradeId: 't', account: 'x', legs };
    expect(rejected(engine.book(trade, 5, new QuoteStaleError('q', '1', '2')))).toMatchObject({
      ...{ kind: 'trade-rejected', at: time, tradeId: 't', code: 'quote-stale' },
    });
    expect(engine.reused({ topic: 'trades', owner: 'x', id: 't' }, 5)).toMatchObject({
      ...{
        kind: 'command-id-reused',
        at: time,
        topic: 'trades',
        owner: 'x',
        commandId: 't',
        code: 'command-id-reused',
      },
    });
  });

  it('stops the machine where it meets a fault that is no refusal', () => {
    const { engine } = traded();
    expect(() => engine.book({ tradeId: 't', account: 'x', legs: undefined } as never, 5)).toThrow(TypeError);
    expect(() => engine.valuation({ provider: 'v', units: 5 } as never, 5)).toThrow(TypeError);
  });

  it('puts another version of the parameters in force, for marks too', () => {
    const { engine, time } = traded();
    const { parameters } = engine.parameters.rules;
    const changed = {
      ...parameters,
      limits: { ...parameters.limits, trade: 50 },
      marks: { ...parameters.marks, bandMinimum: 0.5 },
    };
    const change = {
      commandId: 'c',
      base: 1,
      parameters: changed,
      by: 'olga',
      reason: 'a test',
      issuedAt: 5,
    };
    expect(engine.setParameters(change, time).at(-1)).toMatchObject({
      kind: 'parameters-set',
      version: 2,
      by: 'olga',
      reason: 'a test',
    });
    expect([engine.parameters.rules.version, engine.parameters.marks.bandMinimum]).toEqual([2, 0.5]);
    expect(() => engine.price([{ market: 'A', size: '1' }])).toThrow(/at most 50 is taken/);
    engine.take({ market: 'A', price: '170', time: time + 1000, sequence: 1e6 });
    expect(engine.board.marks.quality('A')).toBe('uncertain');
  });

  it('values a vault once for each time', () => {
    const machine = traded();
    machine.marks();
    const valuation = {
      provider: 'v',
      units: '10',
      settled: '0',
      unitValue: '2',
      haircut: 0.1,
      vault: `0x${'1'.repeat(40)}`,
      block: 1,
    };
    const { engine, time } = machine;
    expect(kinds(engine.valuation(valuation, time).events)).toContain('liquidity-valued');
    expect(engine.valuation(valuation, time)).toEqual({ events: [] });
    expect(engine.valuation(valuation, time - 1)).toEqual({ events: [] });
    expect(engine.valuation({ ...valuation, units: '-1' }, time + 1)).toMatchObject({
      refusal: expect.stringMatching(/^invalid-input: units/) as string,
    });
    expect(engine.ledger.backingOf('v')?.valuedAt).toBe(time);
    expect(kinds(engine.valuation({ ...valuation, units: '11' }, time + 1).events)).toContain(
      'liquidity-valued',
    );
  });
});

describe('liquidity that waits', () => {
  it('is executed and paid with the marks that come after, sixteen commands at once', () => {
    const machine = traded();
    for (let i = 0; i < 20; i++) machine.provide(`p${i}`, 100);
    expect(machine.ledger.waitingCommands).toBe(20);
    machine.settle();
    expect(machine.ledger.waitingCommands).toBe(20);
    const { engine } = machine;
    machine.time += 1000;
    engine.take({ market: 'A', price: '100', time: machine.time, sequence: 1e6 });
    // B has no position: its mark is not waited for.
    expect(machine.ledger.waitingCommands).toBe(4);
    expect(kinds(engine.takeMatured()).filter((kind) => kind === 'liquidity-deposited')).toHaveLength(16);
    expect(engine.takeMatured()).toEqual([]);
    machine.settle();
    expect(machine.ledger.waitingCommands).toBe(0);
  });

  it('is paid when it is released, and refused where leaving would cost all', () => {
    const machine = traded();
    machine.leave('lp', 1000, 'locked');
    machine.marks();
    expect(machine.ledger.nextLocked()).toMatchObject({ releaseAt: machine.time + DAY_MS });
    machine.marks({}, DAY_MS - 1);
    expect(machine.ledger.nextLocked()).toBeDefined();
    machine.marks({}, 1);
    // The marks have to come after the time.
    expect(machine.ledger.nextLocked()).toBeDefined();
    machine.marks({}, 1);
    expect(machine.ledger.nextLocked()).toBeUndefined();
    expect(machine.events.findLast(({ kind }) => kind === 'liquidity-withdrawn')).toMatchObject({
      mode: 'locked',
      fee: '0',
    });
  });
});

describe('a locked withdrawal', () => {
  it('stays locked while others come, also where no position makes anybody wait', () => {
    const machine = traded();
    machine.leave('lp', 1000, 'locked');
    machine.marks();
    machine.provide('new', 100);
    machine.trade('x', { A: -100 });
    expect(machine.ledger.openAccounts().next().done).toBe(true);
    machine.settle();
    expect(machine.ledger.sharesOf('new')).toBeGreaterThan(0n);
    expect(machine.ledger.nextLocked()).toMatchObject({ provider: 'lp' });
    const { releaseAt } = machine.ledger.nextLocked()!;
    machine.wait(releaseAt - machine.time - 1);
    expect(machine.ledger.nextLocked()).toBeDefined();
    machine.wait(1);
    expect(machine.ledger.nextLocked()).toBeUndefined();
    expect(kinds(machine.events).filter((kind) => kind === 'liquidity-withdrawn')).toHaveLength(1);
  });
});

describe('a liquidation that leaves a debt', () => {
  it('says in the loss that the pool bears of which plan it is', () => {
    const machine = traded();
    machine.marks({ A: 1 });
    const loss = machine.liquidateAll('x').find(({ kind }) => kind === 'bankruptcy-settled');
    const { planId } = machine.events.find(
      (event) => event.kind === 'trade-booked' && event.planId !== undefined,
    ) as { planId?: string };
    expect([loss, typeof planId]).toMatchObject([{ planId, account: 'x' }, 'string']);
  });
});

describe('prices that are held back', () => {
  it('are named where the pool could not pay everybody at them', () => {
    const machine = new ExchangeMachine(['A', 'B'], {
      parameters: { marks: markParameters({ maximumStepMs: 1e12, sources: equalSources({}) }) },
    });
    machine.provide('lp', 100);
    machine.ledger.apply({ ...BOOK_EVENTS['account-deposited'], at: machine.time, amount: '10000' });
    const legs = [{ market: 'A', size: '10', price: '100' }];
    machine.ledger.apply({ ...BOOK_EVENTS['trade-booked'], at: machine.time, account: 'x', legs });
    machine.restart();
    expect(machine.engine.heldLosses()).toEqual([]);
    const held = (price: string, sequence: number) =>
      machine.engine.take({ market: 'A', price, time: machine.time + sequence, sequence: 1e6 + sequence });
    held('109', 1);
    // 90 more to x: the pool has 100.
    expect([machine.engine.board.marks.held('A')?.text, machine.engine.heldLosses()]).toEqual(['109', []]);
    held('111', 2);
    expect(machine.engine.heldLosses()).toEqual(['A']);
    expect(machine.withdraw('x', 1)).toMatchObject({ kind: 'account-rejected' });
    machine.ledger.apply({
      ...BOOK_EVENTS['account-deposited'],
      at: machine.time,
      account: 'idle',
      amount: '5',
    });
    expect(machine.withdraw('idle', 1)).toMatchObject({
      code: 'loss-held-back',
      reason: expect.stringContaining(' A ') as string,
    });
    held('100', 3);
    expect(machine.withdraw('idle', 1).kind).toBe('account-withdrawn');
  });
});

it('the state of one process is that of another', () => {
  const machine = traded();
  const state = machine.engine.snapshot();
  machine.restart();
  expect(machine.engine.snapshot()).toEqual(state);
  expect(machine.engine.ledger.cashOf('x')).toBeLessThan(money(10_000));
});
