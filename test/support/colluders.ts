import fc from 'fast-check';
import { TOPICS } from '#lib/messages';
import { apply, isLiquidatable, liquidatableAccount, marginAccounts } from './colluders/apply.js';
import { COLLUDERS, type Command, commands, type Move, move, VAULT } from './colluders/commands.js';
import { give, isOrder, OperatedMachine, type Order, orders } from './colluders/operator.js';
import { type ExchangeMachine, HOUR_MS, LINEAR, number } from './exchange-machine.js';

/** Rounding of the float sums that make up wealth: the books themselves are exact. */
const TOLERANCE = 1e-3;

/** A step of a sequence: a colluder's command, the operator's order, or a move of a mark. */
type Step = Command | Order | Move;

/** Portfolio margin, caps, credit charge and fees, as an exchange has them; caps wide enough for something to happen. */
export const RULES = {
  margin: { mode: 'portfolio' },
  credit: { accountShare: 0.05, poolShare: 0.2 },
  liquidation: { penaltyRate: 0.005 },
  fees: { default: { maker: -0.0002, taker: 0.0003 } },
};
/** Rates on notionals and nothing else. */
export const LINEAR_RULES = { ...LINEAR, liquidation: { penaltyRate: 0.005 } };

/** How often each command had each outcome, and each law was put to the test. */
export type Coverage = Map<string, number>;

/** Sequences of commands of colluding accounts, with an operator's orders between them, at constant marks or at random ones. */
export function sequences(length: number, randomMarks: boolean): fc.Arbitrary<Step[]> {
  return randomMarks
    ? fc.oneof(lists(length, true, true), lists(length, true, false))
    : lists(length, false, true);
}

/** @param providers whether colluders provide liquidity, too */
function lists(length: number, randomMarks: boolean, providers: boolean): fc.Arbitrary<Step[]> {
  const { provide, leave, vault, ...traders } = commands;
  // Levered positions, moves and liquidations are the subject of sequences: they come more often. Markets are open most of the time.
  const drawn: { arbitrary: fc.Arbitrary<Step>; weight: number }[] = [
    ...Object.values(traders),
    ...(providers ? [provide, leave, vault] : []),
    ...[commands.deposit, commands.lever, commands.lever, commands.liquidate, commands.takeover],
    ...(randomMarks ? [move, move, move] : []),
  ].map((arbitrary) => ({ arbitrary, weight: 8 }));
  const ordered: Record<Order['kind'], number> = {
    ...{ restrict: 2, resume: 8, rescale: 2, delist: 2, bust: 6, parameters: 4, held: 3, judge: 8 },
  };
  const given = Object.entries(orders).map(([kind, arbitrary]) => ({
    ...{ arbitrary, weight: ordered[kind as Order['kind']] },
  }));
  return fc.array(fc.oneof(...drawn, ...given), { minLength: length, maxLength: length, size: 'max' });
}

/** An exchange with an honest provider, and earnings, a reserve and a P that an honest trader has paid: there is money to take. */
export function founded(randomMarks: boolean, rules: object): OperatedMachine {
  const machine = new OperatedMachine(rules, randomMarks ? fortune : undefined);
  machine.provide('honest', 3_000_000);
  machine.deposit('patron', 500_000);
  machine.trade('patron', { A: 6000, B: -3000 });
  machine.wait(24 * HOUR_MS);
  machine.trade('patron', { A: -6000, B: 3000 });
  machine.withdraw('patron', 'available');
  machine.wait(24 * HOUR_MS);
  machine.wait(2 * HOUR_MS);
  return machine;
}

/**
 * Plays a sequence against an exchange with one honest provider of liquidity, and holds the laws after every command and order. At
 * constant marks the colluders' wealth never rises; where marks move, that of colluders who provide no liquidity rises by their positions'
 * change as marks move and by debts that others bear, and by nothing else.
 *
 * @throws {Error} naming the law that does not hold
 */
export function play(
  steps: readonly Step[],
  randomMarks: boolean,
  coverage: Coverage,
  rules: object = RULES,
): void {
  const machine = founded(randomMarks, rules);
  const count = (name: string) => coverage.set(name, (coverage.get(name) ?? 0) + 1);
  const require = (law: string, holds: boolean, detail: () => string) => {
    count(law);
    if (!holds) throw new Error(`${law}: ${detail()}`);
  };
  let seen = machine.events.length;
  /** notional that each has accepted to take over and has not been given */
  const accepted = new Map<string, number>();
  for (const step of steps) {
    const account = 'who' in step ? step.who : undefined;
    machine.settle();
    const before = account === undefined ? undefined : standings(machine, account);
    const marks = TAKES_NO_PRICE.has(step.kind) ? marksOf(machine) : undefined;
    const due = step.kind === 'liquidate' ? liquidatableNow(machine) : undefined;
    const event = isOrder(step) ? undefined : apply(machine, step);
    count(`${step.kind}: ${isOrder(step) ? give(machine, step, randomMarks) : (event?.kind ?? 'done')}`);
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
    require('7: a command moves neither marks nor market time', marks === undefined ||
      marksOf(machine) === marks, () => `${marks} became ${marksOf(machine)}`);
    if (due !== undefined)
      require('3: who is below maintenance and whose markets are open is liquidated', !isLiquidatable(
        machine,
        due,
      ), () => `${due} was not: ${event?.kind ?? 'nothing was booked'}`);
    for (const booked of machine.events.slice(seen)) {
      const { error } = TOPICS.book.payload.safeParse(booked);
      require('12: what is booked is within the bounds of its message', error === undefined, () =>
        `${JSON.stringify(booked)}: ${error!.message}`);
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
    seen = machine.events.length;
    if (!randomMarks) {
      const gain = wealth(machine) + machine.paid;
      require('no gain at constant marks', gain <= TOLERANCE, () => `the colluders have gained ${gain}`);
    } else if (!machine.provided) {
      const gain = machine.gain - machine.won;
      require('no gain beside the marks', gain <= TOLERANCE, () => `the colluders have gained ${gain}`);
    }
  }
  require('11: sums are what their parts add up to', machine.ledger.recount() === undefined, () =>
    machine.ledger.recount()!);
}

/** Steps that bring no price: commands of traders and providers but those that wait, or whose effect is dated by the next marks. */
const TAKES_NO_PRICE: ReadonlySet<Step['kind']> = new Set([
  ...(['deposit', 'withdraw', 'transfer', 'trade', 'lever', 'match', 'reserve', 'release', 'claim'] as const),
  ...(['accept', 'close', 'provide', 'leave', 'liquidate', 'takeover'] as const),
]);

function marksOf({ markets, engine: { board } }: ExchangeMachine): string {
  return JSON.stringify([
    board.now,
    ...markets.map((market) => [board.mark(market)?.text, board.status(market)]),
  ]);
}

/** The account that a `liquidate` step closes, where no market of its positions refuses that now. */
function liquidatableNow(machine: ExchangeMachine): string | undefined {
  const name = liquidatableAccount(machine);
  if (name === undefined) return undefined;
  const { positions } = machine.ledger.account(name);
  return positions.every(({ market }) => machine.engine.board.permits(market, 'liquidate'))
    ? name
    : undefined;
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
  const shares = COLLUDERS.reduce((sum, account) => sum + machine.worth(account), wealthOfVault(machine));
  return shares + tradersWorth(machine, (equity) => Math.max(0, equity));
}

/** The colluders' wealth as traders alone, less their debts. */
function fortune(machine: ExchangeMachine): number {
  return tradersWorth(machine, (equity) => equity);
}

function tradersWorth(machine: ExchangeMachine, counts: (equity: number) => number): number {
  let sum = 0;
  for (const account of COLLUDERS) {
    for (const name of marginAccounts(account)) sum += counts(machine.equity(name));
    sum += number(machine.ledger.notesOf(account).outstanding);
  }
  return sum;
}

/** Beside its own units: its debt if it left, negative. */
function wealthOfVault(machine: ExchangeMachine): number {
  const { backing, worth } = machine.engine.shares.positionOf(VAULT);
  return backing === undefined ? 0 : number(worth - backing.amount - backing.deficit);
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
  steps: readonly Step[],
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
