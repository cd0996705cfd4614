import { type BookEvent, ExchangeLedger, firstRules, vestingOf } from '#lib/exchange';
import { narrowMargins } from '../narrow-margins.js';
import { count, type Findings } from './calls.js';
import { FUZZED, GANG, GANG_BOT, GANG_PROVIDER, HONEST, isGangs } from './names.js';

/** Accounts that there may be; isolated margins belong to one. */
const KNOWN = [...GANG, GANG_BOT, GANG_PROVIDER, ...HONEST, FUZZED, 'lp', 'fees', 'house'];

/**
 * Laws that the events of an attack must have kept: the books balance, nothing was booked for honest accounts that they have not asked for,
 * no id was booked twice, no account was made, no debt is left behind.
 *
 * @param asked by honest accounts: account and id of each command
 */
export function judgeEvents(events: readonly BookEvent[], asked: ReadonlySet<string>, found: Findings): void {
  const require = (holds: boolean, problem: string) => {
    if (!holds) found.problems.push(problem);
  };
  const { horizonMs, bucketMs } = vestingOf(firstRules(JSON.parse(narrowMargins().FIRST_PARAMETERS)));
  const ledger = new ExchangeLedger(horizonMs, bucketMs);
  const seen = new Set<string>();
  for (const event of events) {
    ledger.apply(event);
    count(found, `event ${event.kind}`);
    const booked = commandOf(event);
    if (booked !== undefined) {
      const [account, id] = booked;
      const name = `${event.kind} ${account} ${id}`;
      require(!seen.has(name), `booked twice: ${name}`);
      seen.add(name);
      const by = account.split('~')[0];
      const funded = event.kind === 'account-deposited' && id === `fund-${by}`;
      if (HONEST.includes(by) && !funded)
        require(asked.has(
          `${account} ${id}`,
        ), `booked for ${account}, who has not asked for it: ${JSON.stringify(event).slice(0, 300)}`);
    }
    if (event.kind === 'match-booked')
      for (const { account } of event.accounts)
        require(!HONEST.includes(account.split('~')[0]), `a match was booked for ${account}`);
  }
  require(ledger.imbalance() === 0n, `the books are out of balance by ${ledger.imbalance()}`);
  require(ledger.recount() === undefined, `the books' ${ledger.recount()} differs from its parts`);
  require(ledger.netDeposits >= 0n, `more was paid out than was paid in: ${ledger.netDeposits}`);
  require(ledger.totals.bankruptcies === 0n, `debts of ${ledger.totals.bankruptcies} are left behind`);
  const strangers = [...ledger.accountNames()].filter((name) => !KNOWN.includes(name.split('~')[0]));
  require(strangers.length === 0, `accounts were made: ${strangers.slice(0, 5).join(', ')}`);
}

/** The account and the id of a command that has moved something. */
function commandOf(event: BookEvent): readonly [account: string, id: string] | undefined {
  switch (event.kind) {
    case 'trade-booked':
      return [event.account, event.tradeId];
    case 'account-deposited':
    case 'account-withdrawn':
      return [event.account, event.commandId];
    default:
      return undefined;
  }
}

/**
 * Money that the gang has brought, and won by the marks at the end, which are those of the beginning.
 *
 * @param mark of every market at the end
 */
export function broughtAndWon(
  events: readonly BookEvent[],
  mark: number,
): { readonly brought: number; readonly won: number; readonly paid: number } {
  let [brought, won, paid] = [0, 0, 0];
  const wins = (legs: readonly { readonly size: string; readonly price: string }[]) =>
    legs.reduce((sum, { size, price }) => sum + Number(size) * (mark - Number(price)), 0);
  for (const event of events)
    switch (event.kind) {
      case 'account-deposited':
        if (isGangs(event.account)) brought += Number(event.amount);
        break;
      case 'account-withdrawn':
        if (isGangs(event.account)) paid += Number(event.amount);
        break;
      case 'liquidity-deposited':
        if (isGangs(event.provider)) brought += Number(event.amount);
        break;
      case 'liquidity-withdrawn':
        if (isGangs(event.provider)) paid += Number(event.paid);
        break;
      case 'match-booked':
        for (const { account, legs } of event.accounts) if (isGangs(account)) won += wins(legs);
        break;
      case 'dust-closed':
        if (isGangs(event.account)) won += wins([event]);
        break;
      case 'trade-booked':
        if (isGangs(event.account)) won += wins(event.legs);
    }
  return { brought, won, paid };
}
