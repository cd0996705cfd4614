import { hash } from 'node:crypto';
import { partsOf } from '#lib/amounts';
import { TOPICS } from '#lib/messages';
import type { BookEvent } from './book-event.js';

/** Whose command it is and where it came from: ids of one owner in one topic name one command each, and nobody else's. */
export interface CommandKey {
  readonly topic: string;
  readonly owner: string;
  readonly id: string;
}

export function commandKeyText({ topic, owner, id }: CommandKey): string {
  // Names have no bars: no two keys have the same text.
  return `${topic}|${owner}|${id}`;
}

/**
 * Digest of a command's content, whatever the order of its fields: the same id with another digest is another command.
 *
 * @returns 128 bits of SHA-256, base64url
 */
export function contentDigest(payload: unknown): string {
  return hash('sha256', canonical(payload), 'base64url').slice(0, 22);
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  // Field by field: it is done for every command.
  const fields = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const name of Object.keys(fields).sort()) {
    const field = fields[name];
    if (field === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonical(field)}`;
  }
  return `{${text}}`;
}

/** No account can be called so. */
const VENUE = '~venue';

/** A match's key: its ids are the venue's, or the account's that has sent it for itself. */
export function matchKey({
  matchId,
  by,
}: {
  readonly matchId: string;
  readonly by?: string | undefined;
}): CommandKey {
  return { topic: TOPICS.matches.name, owner: by ?? VENUE, id: matchId };
}

/** The command an event has decided; undefined where it decides none. */
export function commandOf(event: BookEvent): CommandKey | undefined {
  switch (event.kind) {
    case 'trade-booked':
    case 'trade-rejected': {
      const owner = partsOf(event.account).account;
      return event.planId === undefined
        ? { topic: TOPICS.trades.name, owner, id: event.tradeId }
        : { topic: TOPICS.liquidationTrades.name, owner, id: event.planId };
    }
    case 'match-booked':
      return event.planId === undefined
        ? matchKey(event)
        : {
            topic: TOPICS.liquidationTrades.name,
            owner: partsOf(event.accounts[0].account).account,
            id: event.planId,
          };
    case 'match-rejected':
      return matchKey(event);
    case 'note-paid':
    case 'margin-reserved':
    case 'margin-released':
    case 'takeovers-accepted':
    case 'account-deposited':
    case 'account-withdrawn':
    case 'account-rejected':
      return { topic: TOPICS.accounts.name, owner: event.account, id: event.commandId };
    case 'collateral-moved':
      // The payout of a closed isolated position answers no command.
      return event.commandId === null
        ? undefined
        : { topic: TOPICS.accounts.name, owner: partsOf(event.from).account, id: event.commandId };
    case 'liquidity-asked':
    case 'liquidity-deposited':
    case 'liquidity-rejected':
    case 'withdrawal-locked':
      return { topic: TOPICS.liquidity.name, owner: event.provider, id: event.commandId };
    case 'liquidity-withdrawn':
      // A locked withdrawal was decided when it was locked; its payment is not another answer.
      return event.mode === 'forced'
        ? { topic: TOPICS.liquidity.name, owner: event.provider, id: event.commandId }
        : undefined;
    case 'trade-busted':
      // A trade is taken back once.
      return { topic: bustsOf(event.planId), owner: partsOf(event.account).account, id: event.tradeId };
    case 'parameters-set':
    case 'parameters-rejected':
      return { topic: TOPICS.parameterCommands.name, owner: 'operator', id: event.commandId };
    case 'window-begun':
    case 'gains-cut':
    case 'haircut-settled':
    case 'positions-reduced':
    case 'credit-charged':
    case 'command-id-reused':
    case 'market-rescaled':
    case 'positions-settled':
    case 'market-delisted':
    case 'dust-closed':
    case 'liquidity-valued':
    case 'funding-accrued':
    case 'vested':
    case 'bankruptcy-settled':
      return undefined;
  }
}

/** Where it is remembered that a trade, or a liquidation, was taken back. */
export function bustsOf(planId: string | undefined): string {
  return `${planId === undefined ? TOPICS.trades.name : TOPICS.liquidationTrades.name}/busted`;
}

/** Whether an event says that its command was refused. */
export function isRefusal(event: BookEvent): boolean {
  return event.kind.endsWith('-rejected');
}

/** The margin accounts an event has changed, or whose liquidation it has refused. */
export function accountsOf(event: BookEvent): readonly string[] {
  switch (event.kind) {
    case 'trade-booked':
      return event.liquidator === undefined ? [event.account] : [event.account, event.liquidator];
    case 'account-deposited':
    case 'account-withdrawn':
    case 'bankruptcy-settled':
    case 'dust-closed':
    case 'credit-charged':
    case 'note-paid':
      return [event.account];
    case 'gains-cut':
      return event.cuts.map(([account]) => account);
    case 'positions-reduced':
      return [...new Set(event.reductions.map(({ account }) => account))];
    case 'match-booked':
      return [...new Set([...event.accounts.map(({ account }) => account), event.feeAccount])];
    case 'trade-rejected':
      return event.planId === undefined ? [] : [event.account];
    case 'collateral-moved':
      return [event.from, event.to];
    case 'trade-busted': {
      const { account } = partsOf(event.account);
      return account === event.account ? [account] : [event.account, account];
    }
    case 'market-rescaled':
    case 'positions-settled':
      return event.accounts.map(([account]) => account);
    default:
      return [];
  }
}

/** The markets whose positions an event has changed. */
export function marketsOf(event: BookEvent): readonly string[] {
  switch (event.kind) {
    case 'trade-booked':
    case 'trade-busted':
      return event.legs.map(({ market }) => market);
    case 'dust-closed':
    case 'market-rescaled':
    case 'positions-settled':
    case 'market-delisted':
      return [event.market];
    case 'match-booked':
      return [...new Set(event.accounts.flatMap(({ legs }) => legs.map(({ market }) => market)))];
    case 'positions-reduced':
      return [...new Set(event.reductions.map(({ market }) => market))];
    default:
      return [];
  }
}
