import { parseJson } from '#lib/errors';
import { hexOf } from './included-account.js';
import { NotIncludedError } from './inclusion.js';
import { contentOf, type JournalRow, type JournalTerms } from './trade-journal.js';

interface Leg {
  readonly market: string;
  readonly size: string;
  readonly price: string;
}
interface EventSide {
  readonly legs: readonly Leg[];
  readonly riskPremium: string;
  readonly liquidityPremium: string;
}
type Event = Record<string, unknown> & { readonly kind: string; readonly at: number };

/** An entry, as far as its event says it. */
export interface EntryOfEvent {
  readonly rows: readonly JournalRow[];
  readonly terms: JournalTerms;
  /** SHA-256 of salt and event */
  readonly content: Uint8Array;
}

/**
 * Checks that a text is the event of a journal's entry, and that the entry's amounts are the event's: its time, what it moves in each
 * market, and of a trade its value and what it was charged.
 *
 * @throws {NotIncludedError} naming the first thing that differs
 */
export function checkEntryEvent(
  text: string,
  salt: Uint8Array | null,
  { rows, terms, content }: EntryOfEvent,
): Record<string, unknown> {
  if (salt === null || hexOf(contentOf(salt, text)) !== hexOf(content))
    throw new NotIncludedError('its event is not the one that the journal has');
  const event = parseJson(text, 'event') as Event;
  if (event.at !== terms.time) throw new NotIncludedError('its time is not the event’s');
  const legs = legsOf(event);
  if (legs !== undefined) requireMoves(legs, rows);
  const sides = sidesOf(event);
  if (sides !== undefined) requireTrade(event, sides, terms);
  return event;
}

function sidesOf(event: Event): readonly EventSide[] | undefined {
  if (event.kind === 'trade-booked') return [event as unknown as EventSide];
  return event.kind === 'match-booked' ? (event.accounts as readonly EventSide[]) : undefined;
}

/** Fills of an event; undefined for a market's new unit, which says nothing about the sizes before. */
function legsOf(event: Event): readonly Pick<Leg, 'market' | 'size'>[] | undefined {
  const sides = sidesOf(event);
  if (sides !== undefined) return sides.flatMap((side) => side.legs);
  switch (event.kind) {
    case 'market-rescaled':
      return undefined;
    case 'dust-closed':
      return [event as unknown as Leg];
    case 'trade-busted':
      return event.legs as readonly Leg[];
    case 'positions-reduced':
      return event.reductions as readonly Leg[];
    case 'positions-settled':
      return (event.accounts as readonly (readonly [account: string, size: string])[]).map(([, size]) => ({
        market: event.market as string,
        size,
      }));
    default:
      return [];
  }
}

function requireMoves(legs: readonly Pick<Leg, 'market' | 'size'>[], rows: readonly JournalRow[]): void {
  const moved = new Map(rows.map(({ market, before, after }) => [market, after.net - before.net]));
  const traded = new Map<string, bigint>();
  for (const { market, size } of legs) traded.set(market, (traded.get(market) ?? 0n) + units(size, 8));
  for (const market of new Set([...moved.keys(), ...traded.keys()])) {
    const [book, event] = [moved.get(market) ?? 0n, traded.get(market) ?? 0n];
    if (book !== event)
      throw new NotIncludedError(`its event trades ${event} of ${market}, the book moves by ${book}`);
  }
}

function requireTrade(event: Event, sides: readonly EventSide[], terms: JournalTerms): void {
  if (event.kind === 'trade-booked' && (event.quoteId !== null) !== (terms.kind === 2))
    throw new NotIncludedError('its kind and its event differ about a quote');
  const charged = sides.reduce(
    (sum, side) => sum + units(side.riskPremium, 8) + units(side.liquidityPremium, 8),
    0n,
  );
  if (charged !== terms.charged)
    throw new NotIncludedError(`its event has a premium of ${charged}, the journal ${terms.charged}`);
  // Prices have up to 12 decimals: a product has 20, and each market's sum was rounded once.
  const legs = sides.flatMap((side) => side.legs);
  const value = legs.reduce((sum, leg) => sum + units(leg.size, 8) * units(leg.price, 12), 0n);
  const apart = value - terms.traded * 10n ** 12n;
  if (apart > BigInt(legs.length) * 10n ** 12n || -apart > BigInt(legs.length) * 10n ** 12n)
    throw new NotIncludedError(
      `its event trades for ${value} of 10^−20, the journal has ${terms.traded} of 10^−8`,
    );
}

/** A decimal text in units of 10^−decimals. @throws {NotIncludedError} */
function units(text: string, decimals: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null || (match[3]?.length ?? 0) > decimals)
    throw new NotIncludedError(`its event has "${text}" where an amount belongs`);
  const [, sign, whole, fraction = ''] = match;
  const value = BigInt(whole + fraction.padEnd(decimals, '0'));
  return sign === '-' ? -value : value;
}
