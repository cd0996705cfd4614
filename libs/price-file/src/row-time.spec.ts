import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTime } from './row-time.js';

const FROM = Date.UTC(2000, 0, 1);
const TO = Date.UTC(2100, 0, 1) - 1;
/** whole seconds from 2000 to 2099 */
const seconds = fc.integer({ min: FROM / 1000, max: Math.floor(TO / 1000) });
const timeOf = (text: string) => {
  const parsed = parseTime(text);
  return parsed.problem ?? parsed.time;
};

describe(parseTime, () => {
  it('tells Unix times in s, ms, µs and ns apart, whatever the year', () => {
    fc.assert(
      fc.property(seconds, (second) => {
        for (const zeros of ['', '000', '000000', '000000000'])
          expect(timeOf(`${second}${zeros}`)).toBe(second * 1000);
        expect(timeOf(`${second}.0`)).toBe(second * 1000);
        expect(timeOf(`${second}.250`)).toBe(second * 1000 + 250);
      }),
    );
  });

  it('reads a time without zone as UTC, and one with a zone as that zone’s', () => {
    fc.assert(
      fc.property(seconds, fc.integer({ min: -14, max: 14 }), (second, hours) => {
        const iso = new Date(second * 1000).toISOString().slice(0, 19);
        for (const text of [
          iso,
          iso.replace('T', ' '),
          `${iso}Z`,
          `${iso} UTC`,
          `${iso}.000`,
          `${iso}+00:00`,
        ])
          expect(timeOf(text)).toBe(second * 1000);
        const zone = `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}`;
        const time = second * 1000 - hours * 3_600_000;
        if (time < FROM || time > TO) return;
        for (const suffix of [zone, `${zone}:00`, `${zone}00`]) expect(timeOf(`${iso}${suffix}`)).toBe(time);
      }),
    );
  });

  it.each([
    ['2024-01-31', Date.UTC(2024, 0, 31)],
    ['2024/01/31', Date.UTC(2024, 0, 31)],
    ['20240131', Date.UTC(2024, 0, 31)],
    ['2024-01-31 13:05', Date.UTC(2024, 0, 31, 13, 5)],
    ['2024-01-31T13:05:00.123Z', Date.UTC(2024, 0, 31, 13, 5, 0, 123)],
    ['2013-04-28 00:00:00 UTC', Date.UTC(2013, 3, 28)],
    ['2020-05-29 12-AM', Date.UTC(2020, 4, 29)],
    ['2020-05-29 03-PM', Date.UTC(2020, 4, 29, 15)],
    ['2024-01-01T00:00:00+05:30', Date.UTC(2023, 11, 31, 18, 30)],
  ])('reads %s', (text, time) => {
    expect(timeOf(text)).toBe(time);
  });

  it.each([
    ['01/02/2021', /day first or month first/],
    ['31.12.2021 10:00', /day first or month first/],
    ['1/2/21', /day first or month first/],
    ['2023-02-29', /no time of the calendar/],
    ['20230230', /no time of the calendar/],
    ['2024-01-01T24:00:00Z', /no time of the calendar/],
    ['2020-05-29 13-PM', /hour that is none/],
    ['2024-01-01T00:00:00+19:00', /zone that is none/],
    ['1999-12-31T23:59:59Z', /from 2000 to 2099/],
    ['2100-01-01', /from 2000 to 2099/],
    ['5000000000', /from 2000 to 2099.*2128/],
    ['170406720', /from 2000 to 2099.*1975/],
    ['17040672000', /10, 13, 16 or 19 digits/],
    ['42', /10, 13, 16 or 19 digits/],
    ['1704067200000001', /finer than milliseconds/],
    ['2024-01-01T00:00:00.0001Z', /finer than milliseconds/],
    ['', /must be an ISO 8601 time/],
    ['Jan 1, 2024', /must be an ISO 8601 time/],
    ['-1704067200', /must be an ISO 8601 time/],
    ['1.7e9', /must be an ISO 8601 time/],
  ])('refuses %j', (text, problem) => {
    expect(timeOf(text)).toMatch(problem);
  });

  it('takes earlier dates where the caller says so, and no Unix times of them', () => {
    const earliest = Date.UTC(1900, 0, 1);
    expect(parseTime('1987-03-27', earliest)).toEqual({ time: Date.UTC(1987, 2, 27) });
    expect(parseTime('42', earliest).problem).toBeDefined();
  });
});
