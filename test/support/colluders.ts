// Long because every command that colluders may send, and every law that is asked after it, draw on one state.
import fc from 'fast-check';
import type { BookEvent } from '#lib/exchange';
import { ExchangeMachine, HOUR_MS, LINEAR, number } from './exchange-machine.js';

const COLLUDERS = ['c1', 'c2', 'c3', 'c4', 'c5'] as const;
const MARKETS = ['A', 'B', 'C'] as const;
/** whose pool shares a vault holds; theirs too */
const VAULT = 'c5.vault';
/** Rounding of the float sums that make up wealth: the books themselves are exact. */
const TOLERANCE = 1e-3;

const who = fc.constantFrom(...COLLUDERS);
const market = fc.constantFrom(...MARKETS);
const amount = fc.integer({ min: 1, max: 3_000_000 });
/** from crumbs to large positions, evenly over magnitudes */
const size = fc
  .tuple(fc.integer({ min: -8, max: 4 }), fc.integer({ min: 1, max: 99 }), fc.boolean())
  .map(([exponent, digits, long]) => ((long ? 1 : -1) * digits * 10 ** exponent).toFixed(8))
  .filter((text) => Number(text) !== 0);
const milliseconds = fc.oneof(
  fc.integer({ min: 1, max: 60_000 }),
  fc.integer({ min: 60_000, max: 26 * HOUR_MS }),
);

const commands = {
  deposit: fc.record({
    ...{ kind: fc.constant('deposit' as const), who },
    amount: fc.oneof(amount, fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 100_000 })),
  }),
  withdraw: fc.record({
    kind: fc.constant('withdraw' as const),
    who,
    amount: fc.option(amount),
    haircut: fc.boolean(),
  }),
  transfer: fc.record({ kind: fc.constant('transfer' as const), who, market, amount, back: fc.boolean() }),
  trade: fc.record({
    ...{ kind: fc.constant('trade' as const), who },
    legs: fc.array(fc.tuple(market, size), { minLength: 1, maxLength: 4 }),
    isolated: fc.boolean(),
    reduceOnly: fc.boolean(),
  }),
  /** as large a position as the account can carry, or nearly */
  lever: fc.record({
    ...{ kind: fc.constant('lever' as const), who, market },
    percent: fc.integer({ min: 60, max: 100 }),
    long: fc.boolean(),
  }),
  close: fc.record({ kind: fc.constant('close' as const), who, market }),
  provide: fc.record({ kind: fc.constant('provide' as const), who, amount }),
  leave: fc.record({
    ...{ kind: fc.constant('leave' as const), who },
    share: fc.integer({ min: 1, max: 100 }),
    mode: fc.constantFrom('locked' as const, 'forced' as const),
  }),
  /** matches as an order book would send: of colluders alone, at any price that is taken */
  match: fc.record({
    kind: fc.constant('match' as const),
    fills: fc.array(
      fc.record({
        ...{ buyer: who, seller: who, market, maker: fc.constantFrom('buyer' as const, 'seller' as const) },
        size: size.map((text) => text.replace('-', '')),
        permille: fc.integer({ min: -25, max: 25 }),
      }),
      { maxLength: 3 },
    ),
    pool: fc.array(fc.record({ account: who, market, size }), { maxLength: 2 }),
  }),
  reserve: fc.record({ kind: fc.constant('reserve' as const), who, market, size }),
  release: fc.record({ kind: fc.constant('release' as const), who, which: fc.nat(3) }),
  claim: fc.record({ kind: fc.constant('claim' as const), who }),
  liquidate: fc.record({ kind: fc.constant('liquidate' as const) }),
  /** one, as the liquidator of another, takes its positions over at prices of its own */
  takeover: fc.record({
    kind: fc.constant('takeover' as const),
    liquidator: who,
    permille: fc.integer({ min: -6, max: 6 }),
    /** three of four have accepted it before, whatever the prices */
    accepts: fc.nat(3).map((one) => one > 0),
  }),
  /** how much liquidators may pass to one, and at what prices */
  accept: fc.record({
    ...{ kind: fc.constant('accept' as const), who, notional: amount },
    permille: fc.integer({ min: -20, max: 20 }),
  }),
  /** pool shares come to their vault, or ask to leave it */
  vault: fc.record({ kind: fc.constant('vault' as const), units: fc.integer({ min: 0, max: 5_000_000 }) }),
  wait: fc.record({ kind: fc.constant('wait' as const), ms: milliseconds }),
  forecast: fc.record({ kind: fc.constant('forecast' as const) }),
};
const move = fc.record({
  kind: fc.constant('move' as const),
  market,
  permille: fc.integer({ min: -120, max: 120 }),
});

type Command = (typeof commands)[keyof typeof commands] extends fc.Arbitrary<infer T> ? T : never;
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

/** Portfolio margin, caps, credit charge and fees, as an exchange has them; caps wide enough for something to happen. */
const RULES = {
  margin: { mode: 'portfolio' },
  credit: { accountShare: 0.05, poolShare: 0.2 },
  liquidation: { penaltyRate: 0.005 },
  fees: { default: { maker: -0.0002, taker: 0.0003 } },
};
/** Rates on notionals and nothing else. */
export const LINEAR_RULES = { ...LINEAR, liquidation: { penaltyRate: 0.005 } };

/** How often each command had each outcome, and each law was put to the test. */
export type Coverage = Map<string, number>;

/** Sequences of commands of colluding accounts, at constant marks or at random ones. */
export function sequences(length: number, randomMarks: boolean): fc.Arbitrary<(Command | Move)[]> {
  // Levered positions, moves and liquidations are the subject of sequences: they come more often.
  const drawn: fc.Arbitrary<Command | Move>[] = [
    ...Object.values(commands),
    ...[commands.deposit, commands.lever, commands.lever, commands.liquidate, commands.takeover],
  ];
  return fc.array(fc.oneof(...drawn, ...(randomMarks ? [move, move, move] : [])), {
    minLength: length,
    maxLength: length,
    size: 'max',
  });
}

/**
 * Plays a sequence against an exchange with one honest provider of liquidity, and holds the laws after every command.
 *
 * @throws {Error} naming the law that does not hold
 */
export function play(
  steps: readonly (Command | Move)[],
  randomMarks: boolean,
  coverage: Coverage,
  rules: object = RULES,
): void {
  const machine = new ExchangeMachine(MARKETS, {
    volatility: 0.04,
    correlation: 0.4,
    rules,
  });
  machine.provide('honest', 3_000_000);
  const count = (name: string) => coverage.set(name, (coverage.get(name) ?? 0) + 1);
  const require = (law: string, holds: boolean, detail: () => string) => {
    count(law);
    if (!holds) throw new Error(`${law}: ${detail()}`);
  };
  let seen = 0;
  let paidOut = 0;
  /** notional that each has accepted to take over and has not been given */
  const accepted = new Map<string, number>();
  for (const step of steps) {
    const account = 'who' in step ? step.who : undefined;
    machine.settle();
    const before = account === undefined ? undefined : standings(machine, account);
    const event = apply(machine, step);
    count(`${step.kind}: ${event?.kind ?? 'done'}`);
    const { ledger, engine } = machine;
    require('9: the books balance', ledger.imbalance() === 0n, () => String(ledger.imbalance()));
    require('5: no more is paid out than was paid in', ledger.netDeposits >= 0n, () =>
      String(ledger.netDeposits));
    require('8: P and L are not negative', ledger.capital >= 0n && ledger.liquidity >= 0n, () => '');
    if (account !== undefined && event?.kind.endsWith('rejected') === false)
      for (const [name, was] of before!) {
        const now = engine.accounts.standing(name);
        const lacks = Math.max(0, now.initialMargin - now.equity);
        const lowered = now.notional <= was.notional && step.kind !== 'withdraw';
        require('1: initial margin, or less risk', lacks <= was.lacks + 1e-6 || lowered, () =>
          `${name} lacks ${lacks}`);
      }
    for (const booked of machine.events.slice(seen))
      if (booked.kind === 'trade-booked') {
        const flat = ledger.account(booked.account).positions.length === 0;
        require('10: who is flat owes nothing', !flat || ledger.cashOf(booked.account) >= 0n, () =>
          booked.account);
      }
    for (const booked of machine.events.slice(seen)) {
      if (booked.kind === 'takeovers-accepted') accepted.set(booked.account, Number(booked.notional));
      if (booked.kind !== 'match-booked' || booked.planId === undefined) continue;
      const { account: taker, legs } = booked.accounts[1];
      const given = legs.reduce((sum, { size, price }) => sum + Math.abs(Number(size)) * Number(price), 0);
      accepted.set(taker, (accepted.get(taker) ?? 0) - given);
      require('4: nobody is given what it has not accepted', accepted.get(taker)! >= -TOLERANCE, () =>
        `${taker} was given ${given}`);
    }
    for (const booked of machine.events.slice(seen)) paidOut += paidBy(booked);
    seen = machine.events.length;
    if (!randomMarks) {
      const gain = wealth(machine) + paidOut;
      require('no gain at constant marks', gain <= TOLERANCE, () => `the colluders have gained ${gain}`);
    }
  }
  require('11: sums are what their parts add up to', machine.ledger.recount() === undefined, () =>
    machine.ledger.recount()!);
}

function apply(machine: ExchangeMachine, step: Command | Move): BookEvent | undefined {
  switch (step.kind) {
    case 'deposit':
      return machine.deposit(step.who, step.amount);
    case 'withdraw':
      return machine.withdraw(step.who, step.amount ?? 'available', step.haircut);
    case 'transfer':
      return machine.transfer(step.who, step.market, step.back ? -step.amount : step.amount);
    case 'trade': {
      const isolated = step.isolated && step.legs.length === 1;
      return machine.trade(step.who, step.legs, {
        margin: isolated ? 'isolated' : 'cross',
        reduceOnly: step.reduceOnly,
      });
    }
    case 'lever': {
      const { available } = machine.engine.accounts.standing(step.who);
      if (!(available > 1)) return undefined;
      const mark = machine.engine.board.mark(step.market)!.value;
      const size = ((available * step.percent) / 100 / rateOf(machine) / mark).toFixed(4);
      return machine.trade(step.who, { [step.market]: step.long ? size : `-${size}` });
    }
    case 'match':
      return machine.match({
        ...{ matchId: `match-${machine.events.length}`, releases: [], pool: step.pool },
        fills: step.fills.map(({ permille, ...fill }) => ({
          ...fill,
          price: ((machine.engine.board.mark(fill.market)!.value * (1000 + permille)) / 1000).toFixed(8),
        })),
      });
    case 'reserve':
      return machine.command({
        ...{
          kind: 'reserve',
          account: step.who,
          commandId: `r-${machine.ledger.reservationCount(step.who)}`,
        },
        legs: [{ market: step.market, size: step.size }],
      });
    case 'release':
      return machine.command({
        ...{ kind: 'release', account: step.who, commandId: `x-${machine.events.length}` },
        reservationId: `r-${step.which}`,
      });
    case 'claim':
      return machine.command({ kind: 'claim', account: step.who, commandId: `c-${machine.events.length}` });
    case 'accept':
      return accept(machine, step.who, step.notional, step.permille / 1000);
    case 'close': {
      const { size: held } = machine.ledger.position(step.who, step.market);
      if (held === 0n) return undefined;
      return machine.trade(
        step.who,
        { [step.market]: (-Number(held) / 1e8).toFixed(8) },
        { reduceOnly: true },
      );
    }
    case 'provide':
      return machine.provide(step.who, step.amount);
    case 'leave': {
      const part = (machine.worth(step.who) * step.share) / 100;
      return part < 1 ? undefined : machine.leave(step.who, part.toFixed(8), step.mode);
    }
    case 'liquidate': {
      const name = COLLUDERS.flatMap(marginAccounts).find(
        (account) => machine.engine.accounts.standing(account).liquidatable,
      );
      if (name === undefined) return undefined;
      return machine.liquidateAll(name).findLast(({ kind }) => kind.startsWith('trade'));
    }
    case 'takeover': {
      const name = COLLUDERS.flatMap(marginAccounts).find(
        (account) =>
          !account.startsWith(step.liquidator) && machine.engine.accounts.standing(account).liquidatable,
      );
      if (name === undefined) return undefined;
      if (step.accepts) accept(machine, step.liquidator, 1e12, -0.02);
      const open = machine.ledger.account(name).positions;
      const sizes = open.map(({ market, size }) => [market, (-Number(size) / 1e8).toFixed(8)] as const);
      const prices = open.map(({ market }) =>
        ((machine.engine.board.mark(market)!.value * (1000 + step.permille)) / 1000).toFixed(8),
      );
      const events = machine.liquidate(name, Object.fromEntries(sizes), {
        prices,
        liquidator: step.liquidator,
      });
      return events.findLast(({ kind }) => kind === 'match-booked' || kind === 'trade-rejected');
    }
    case 'vault':
      machine.value(VAULT, step.units);
      return undefined;
    case 'wait':
      machine.wait(step.ms);
      return undefined;
    case 'forecast':
      machine.forecast();
      return undefined;
    case 'move': {
      const mark = machine.engine.board.mark(step.market)!.value;
      machine.marks({ [step.market]: Math.max(1, Math.round(mark * (1000 + step.permille)) / 1000) });
      return undefined;
    }
  }
}

function accept(machine: ExchangeMachine, account: string, notional: number, discount: number): BookEvent {
  const commandId = `a-${machine.events.length}`;
  return machine.command({
    ...{ kind: 'accept-takeovers', account, commandId, notional: String(notional), discount },
  });
}

/** Initial margin of a lone position, about, as a share of its notional. */
function rateOf(machine: ExchangeMachine): number {
  return machine.engine.parameters.rules.parameters.margin.mode === 'linear' ? 0.05 : 0.17;
}

function marginAccounts(account: string): string[] {
  return [account, ...MARKETS.map((name) => `${account}~${name}`)];
}

function standings(
  machine: ExchangeMachine,
  account: string,
): Map<string, { lacks: number; notional: number }> {
  return new Map(
    marginAccounts(account).map((name) => {
      const { equity, initialMargin, notional } = machine.engine.accounts.standing(name);
      return [name, { lacks: Math.max(0, initialMargin - equity), notional }];
    }),
  );
}

/** The colluders' wealth: positions at their worth where they are not debts, and shares at their redemption. */
function wealth(machine: ExchangeMachine): number {
  let sum = 0;
  for (const account of COLLUDERS) {
    for (const name of marginAccounts(account)) sum += Math.max(0, machine.equity(name));
    sum += machine.worth(account) + number(machine.ledger.notesOf(account).outstanding);
  }
  return sum + wealthOfVault(machine);
}

/** Beside its own units: its debt if it left, negative. */
function wealthOfVault(machine: ExchangeMachine): number {
  const { backing, worth } = machine.engine.shares.positionOf(VAULT);
  return backing === undefined ? 0 : number(worth - backing.amount - backing.deficit);
}

/** An event's payment to the colluders; negative: their deposit. */
function paidBy(event: BookEvent): number {
  if (event.kind === 'account-withdrawn') return Number(event.amount);
  if (event.kind === 'account-deposited') return -Number(event.amount);
  if (event.kind === 'liquidity-withdrawn' && event.provider !== 'honest') return Number(event.paid);
  if (event.kind === 'liquidity-deposited' && event.provider !== 'honest') return -Number(event.amount);
  return 0;
}

/**
 * Plays random sequences of a length.
 *
 * @returns sequences that were played
 * @throws {Error} with the law that gave way and the shortest sequence found that breaks it
 */
export function attack(
  runs: number,
  length: number,
  randomMarks: boolean,
  coverage: Coverage,
  seed = Date.now() | 0,
  rules: object = RULES,
): number {
  const stream = fc.sample(sequences(length, randomMarks), { numRuns: runs, seed });
  for (const [i, steps] of stream.entries()) {
    if (broken(steps, randomMarks, coverage, rules) === undefined) continue;
    const short = shortest(steps, (some) => broken(some, randomMarks, new Map(), rules) !== undefined);
    const law = broken(short, randomMarks, new Map(), rules);
    throw new Error(
      `sequence ${i} of seed ${seed}: ${law}\n${short.map((step) => JSON.stringify(step)).join('\n')}`,
    );
  }
  return stream.length;
}

function broken(
  steps: readonly (Command | Move)[],
  randomMarks: boolean,
  coverage: Coverage,
  rules: object,
): string | undefined {
  try {
    play(steps, randomMarks, coverage, rules);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A sequence without whatever it fails without. */
function shortest<Step>(steps: readonly Step[], fails: (steps: readonly Step[]) => boolean): readonly Step[] {
  let left = steps;
  for (let part = Math.ceil(left.length / 2); part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2))
    for (let at = 0; at < left.length;) {
      const without = [...left.slice(0, at), ...left.slice(at + part)];
      if (fails(without)) left = without;
      else at += part;
    }
  return left;
}
