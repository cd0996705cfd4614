import { InvalidInputError } from '#lib/errors';
import type { MarketSignals } from '../market/market-signals.js';
import type { Venue } from '../venues/venue.js';
import type { TraderFlow } from './flow.js';

/** A command of a recorded flow. */
export type RecordedCommand = { readonly time: number; readonly account: string } & (
  | { readonly kind: 'trade'; readonly market: string; readonly size: string; readonly reduceOnly: boolean }
  | { readonly kind: 'deposit'; readonly amount: number }
  | { readonly kind: 'withdrawal'; readonly amount: number }
);

/** Commands that were recorded, each in the bar that its time falls in; traders of a record do not react to anything. */
export class RecordedFlow implements TraderFlow {
  private next = 0;
  private readonly commands: readonly RecordedCommand[];
  private readonly index: ReadonlyMap<string, number>;

  /**
   * @param times of the bars
   * @throws {InvalidInputError} for a market that has no prices
   */
  constructor(
    commands: readonly RecordedCommand[],
    markets: readonly string[],
    private readonly times: readonly number[],
  ) {
    this.commands = commands.toSorted((a, b) => a.time - b.time);
    this.index = new Map(markets.map((market, i) => [market, i]));
    for (const command of commands)
      if (command.kind === 'trade' && !this.index.has(command.market))
        throw new InvalidInputError('flow', `trades ${command.market}, which has no prices`);
  }

  act(bar: number, venue: Venue, _signals: MarketSignals): void {
    const until = this.times[bar + 1] ?? Infinity;
    for (; this.next < this.commands.length && this.commands[this.next].time < until; this.next++) {
      const command = this.commands[this.next];
      const id = `recorded-${this.next}`;
      const { account } = command;
      if (command.kind === 'deposit') venue.deposit(id, account, command.amount);
      else if (command.kind === 'withdrawal') venue.withdraw(id, account, command.amount);
      else {
        const market = this.index.get(command.market)!;
        const { size, reduceOnly } = command;
        venue.trade({ id, account, market, size, reduceOnly, maximumCost: Infinity });
      }
    }
  }
}

/**
 * Traders' commands of a journal of book events, a line of JSON each: deposits, withdrawals, transfers, trades with
 * the pool or matched with one another. Liquidations, take-overs, funding and vesting are left out: the rules that are played decide
 * them again. A match is traded with the pool.
 *
 * @throws {InvalidInputError} naming the line that is no book event
 */
export function flowOfJournal(lines: readonly string[]): RecordedCommand[] {
  return lines.flatMap((line, i): RecordedCommand[] => {
    if (line.trim() === '') return [];
    const event = jsonObject(line, i);
    const { kind, at: time, account, amount } = event;
    if (typeof kind !== 'string' || typeof time !== 'number')
      throw new InvalidInputError(`flow.line ${i + 1}`, 'is no book event: it has no kind or no time');
    const traded = (by: unknown, legs: unknown) =>
      (legs as { market: string; size: string }[]).map(({ market, size }) => ({
        ...{ time, account: String(by), kind: 'trade' as const, market, size, reduceOnly: false },
      }));
    const paid = (by: unknown, way: 'deposit' | 'withdrawal') => ({
      ...{ time, account: String(by), kind: way, amount: Number(amount) },
    });
    if (kind === 'account-deposited') return [paid(account, 'deposit')];
    if (kind === 'account-withdrawn') return [paid(account, 'withdrawal')];
    // Without a command the engine returns the rest of an isolated position.
    if (kind === 'collateral-moved')
      return event.commandId === null ? [] : [paid(event.from, 'withdrawal'), paid(event.to, 'deposit')];
    if (event.planId !== undefined) return [];
    if (kind === 'trade-booked') return traded(account, event.legs);
    if (kind !== 'match-booked') return [];
    return (event.accounts as { account: string; legs: unknown }[]).flatMap((side) =>
      traded(side.account, side.legs),
    );
  });
}

/**
 * A CSV of trades: `time,account,market,size`, and collateral as `time,account,deposit,amount` or `…,withdrawal,amount`.
 *
 * @throws {InvalidInputError} naming the line that does not fit
 */
export function flowOfCsv(lines: readonly string[]): RecordedCommand[] {
  return lines.flatMap((line, i): RecordedCommand[] => {
    if (line.trim() === '' || (i === 0 && line.startsWith('time,'))) return [];
    const [when, account, what, amount, ...rest] = line.split(',').map((cell) => cell.trim());
    const time = /^\d+$/.test(when) ? Number(when) : Date.parse(when);
    if (
      !Number.isFinite(time) ||
      !account ||
      !what ||
      rest.length > 0 ||
      !/^-?\d+(\.\d+)?$/.test(amount ?? '')
    )
      throw new InvalidInputError(`flow.line ${i + 1}`, `must be time,account,market,size, got "${line}"`);
    if (what === 'deposit' || what === 'withdrawal')
      return [{ time, account, kind: what, amount: Number(amount) }];
    return [{ time, account, kind: 'trade', market: what, size: amount, reduceOnly: false }];
  });
}

function jsonObject(line: string, i: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new InvalidInputError(`flow.line ${i + 1}`, 'is no JSON object');
}
