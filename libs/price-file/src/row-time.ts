/** Times outside are mistakes of unit or order; the engine's messages have the same bounds. */
const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/** Unix times by their number of digits: each maps to units a millisecond. From 2000 to 2100 no two units share a length. */
const UNIX_UNITS: Readonly<Record<number, { readonly perMs: bigint; readonly scale: bigint }>> = {
  9: { perMs: 1n, scale: 1000n },
  10: { perMs: 1n, scale: 1000n },
  12: { perMs: 1n, scale: 1n },
  13: { perMs: 1n, scale: 1n },
  15: { perMs: 1000n, scale: 1n },
  16: { perMs: 1000n, scale: 1n },
  18: { perMs: 1_000_000n, scale: 1n },
  19: { perMs: 1_000_000n, scale: 1n },
};

const ISO =
  /^(\d{4})([-/])(\d\d)\2(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?(?: ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?$/i;
/** as CryptoDataDownload wrote hours until 2020: 2020-05-29 03-PM */
const TWELVE_HOURS = /^(\d{4})-(\d\d)-(\d\d) (\d\d)-(AM|PM)$/i;
const COMPACT_DATE = /^(\d{4})(\d\d)(\d\d)$/;
const DAY_OR_MONTH_FIRST = /^\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}\b/;

/** A time, or why a cell is none. */
export type ParsedTime =
  { readonly time: number; readonly problem?: undefined } | { readonly problem: string };

/**
 * Milliseconds since the epoch. Taken are ISO 8601 (a time without zone is UTC, whatever the machine's zone is), dates as
 * YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD, and Unix times in s, ms, µs or ns, told apart by their digits.
 *
 * @param earliest milliseconds; 2000 for whatever the engine is to see
 */
export function parseTime(text: string, earliest = EARLIEST): ParsedTime {
  const parsed = /^\d+(\.\d*)?$/.test(text) ? fromDigits(text) : fromCalendar(text);
  if (parsed.problem !== undefined) return parsed;
  if (parsed.time < earliest || parsed.time >= LATEST) {
    const first = new Date(earliest).getUTCFullYear();
    return {
      problem: `must be from ${first} to 2099, got "${text}" (${new Date(parsed.time).toISOString()})`,
    };
  }
  return parsed;
}

function fromDigits(text: string): ParsedTime {
  const [whole, fraction = ''] = text.split('.');
  const compact = COMPACT_DATE.exec(text);
  if (compact !== null) return calendar(text, compact.slice(1, 4).map(Number), [0, 0, 0], '', 0);
  const unit = UNIX_UNITS[whole.length];
  if (unit === undefined) {
    return {
      problem: `must be an ISO 8601 time or a Unix time in s, ms, µs or ns (10, 13, 16 or 19 digits), got "${text}"`,
    };
  }
  const digits = fraction.replace(/0+$/, '');
  const scaled = BigInt(whole + digits) * unit.scale;
  const perMs = unit.perMs * 10n ** BigInt(digits.length);
  if (scaled % perMs !== 0n) return { problem: finerThanMilliseconds(text) };
  return { time: Number(scaled / perMs) };
}

function fromCalendar(text: string): ParsedTime {
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [, year, , month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = iso;
    const offset = zoneMinutes(zone);
    if (offset === undefined) return { problem: `has a zone that is none: "${text}"` };
    const numbers = [hour, minute, second].map(Number);
    return calendar(text, [year, month, day].map(Number), numbers, fraction, offset);
  }
  const twelve = TWELVE_HOURS.exec(text);
  if (twelve !== null) {
    const [, year, month, day, hour, half] = twelve;
    if (Number(hour) < 1 || Number(hour) > 12) return { problem: `has an hour that is none: "${text}"` };
    const hours = (Number(hour) % 12) + (half.toUpperCase() === 'PM' ? 12 : 0);
    return calendar(text, [year, month, day].map(Number), [hours, 0, 0], '', 0);
  }
  if (DAY_OR_MONTH_FIRST.test(text)) {
    return {
      problem: `could be day first or month first: "${text}"; write dates as 2021-01-31 (ISO 8601), or Unix times`,
    };
  }
  return { problem: `must be an ISO 8601 time (2021-01-31T13:00:00Z) or a Unix time, got "${text}"` };
}

function calendar(
  text: string,
  [year, month, day]: readonly number[],
  [hour, minute, second]: readonly number[],
  fraction: string,
  offsetMinutes: number,
): ParsedTime {
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > 3) return { problem: finerThanMilliseconds(text) };
  const midnight = new Date(Date.UTC(year, month - 1, day));
  const isDay = midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day;
  if (!isDay || hour > 23 || minute > 59 || second > 59) {
    return { problem: `is no time of the calendar: "${text}"` };
  }
  const milliseconds = Number(digits.padEnd(3, '0'));
  return {
    time: Date.UTC(year, month - 1, day, hour, minute, second, milliseconds) - offsetMinutes * 60_000,
  };
}

/** Minutes east of Greenwich. */
function zoneMinutes(zone: string): number | undefined {
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (match === null) return 0;
  const [, sign, hours, minutes = '0'] = match;
  if (Number(hours) > 14 || Number(minutes) > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (60 * Number(hours) + Number(minutes));
}

function finerThanMilliseconds(text: string): string {
  return `is finer than milliseconds: "${text}"; round the times`;
}
