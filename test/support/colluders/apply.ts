import type { BookEvent } from '#lib/exchange';
import type { ExchangeMachine } from '../exchange-machine.js';
import { COLLUDERS, type Command, MARKETS, type Move, USUAL_VOLATILITY, VAULT } from './commands.js';

/** Sends a colluder's command, or moves a mark. @returns its outcome, where it has one */
export function apply(machine: ExchangeMachine, step: Command | Move): BookEvent | undefined {
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
      const name = liquidatableAccount(machine);
      if (name === undefined) return undefined;
      return machine.liquidateAll(name).findLast(({ kind }) => kind.startsWith('trade'));
    }
    case 'takeover': {
      const name = liquidatableAccount(machine, step.liquidator);
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
      machine.forecast({ volatility: (USUAL_VOLATILITY * step.percent) / 100 });
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

/** The first margin account of the colluders that is liquidatable. @param but whose own accounts are left out */
export function liquidatableAccount(machine: ExchangeMachine, but?: string): string | undefined {
  return COLLUDERS.filter((name) => name !== but)
    .flatMap(marginAccounts)
    .find((account) => isLiquidatable(machine, account));
}

export function isLiquidatable(machine: ExchangeMachine, account: string): boolean {
  return machine.engine.accounts.standing(account).liquidatable;
}

/** A trader's margin accounts: cross, and one a market. */
export function marginAccounts(account: string): string[] {
  return [account, ...MARKETS.map((name) => `${account}~${name}`)];
}
