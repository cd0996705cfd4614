import { ZkriskError } from '#lib/errors';
import { divide, formatDecimal, parseDecimal } from '#lib/amounts';

/** A frame that is not as the venue's documentation has it. */
export class FrameError extends ZkriskError {
  readonly code = 'venue-frame';
  constructor(venue: string, what: string) {
    super(`${venue}: ${what}`, { venue });
  }
}

export type Fields = Readonly<Record<string, unknown>>;

/** The object in a frame. @throws {FrameError} */
export function objectOf(venue: string, frame: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    throw new FrameError(venue, 'a frame is no JSON');
  }
  return fieldsOf(venue, value);
}

/** @throws {FrameError} where a value is no object */
export function fieldsOf(venue: string, value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FrameError(venue, 'a frame is no object');
  return value as Fields;
}

/** @throws {FrameError} where a field is no text */
export function textOf(venue: string, fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value.length > 200) throw new FrameError(venue, `${name} is no text`);
  return value;
}

/** @throws {FrameError} where a field is no count */
export function countOf(venue: string, fields: Fields, name: string): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new FrameError(venue, `${name} is no count: ${JSON.stringify(value)?.slice(0, 40)}`);
  return value as number;
}

/** Milliseconds of an RFC 3339 time, of any precision. @throws {FrameError} */
export function instantOf(venue: string, fields: Fields, name: string): { ms: number; us: number } {
  const text = textOf(venue, fields, name);
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  const seconds = match === null ? NaN : Date.parse(`${match[1]}Z`);
  if (match === null || Number.isNaN(seconds))
    throw new FrameError(venue, `${name} is no time: ${text.slice(0, 40)}`);
  const micros = Number((match[2] ?? '').padEnd(6, '0').slice(0, 6));
  return { ms: seconds + Math.floor(micros / 1000), us: seconds * 1000 + micros };
}

const DECIMALS = 18;

/** Mid and half-spread of a best bid and offer, exact. @throws {FrameError} for a crossed or one-sided book */
export function midOf(
  venue: string,
  symbol: string,
  bid: string | number,
  ask: string | number,
): { price: string; confidence: string } {
  const [low, high] = [bid, ask].map((side) => {
    const text = typeof side === 'number' ? plain(side) : side;
    if (!/^\d{1,18}(\.\d{1,18})?$/.test(text))
      throw new FrameError(venue, `${symbol}: a side of the book is no price: ${String(side).slice(0, 40)}`);
    return parseDecimal(text, DECIMALS, symbol);
  });
  if (low <= 0n || high <= 0n) throw new FrameError(venue, `${symbol}: a side of the book is empty`);
  if (low > high) throw new FrameError(venue, `${symbol}: the book is crossed, ${bid} over ${ask}`);
  return {
    // As the books keep prices: twelve places.
    price: formatDecimal(divide(low + high, 2n * 10n ** 6n, 'nearest'), DECIMALS - 6),
    confidence: formatDecimal(divide(high - low, 2n * 10n ** 6n, 'up'), DECIMALS - 6),
  };
}

/** A JSON number as a plain decimal, without an exponent. */
function plain(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(DECIMALS) : text;
}
