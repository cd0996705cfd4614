/** A mark on an axis of times. */
export interface TimeTick {
  /** milliseconds */
  readonly time: number;
  readonly label: string;
  /** the date, where hours are shown and a day begins */
  readonly date?: string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY];
const MONTHS = [1, 3, 6, 12, 24, 60, 120];

/**
 * Round times between two times, UTC: minutes, hours, days, months or years, whichever gives at most `most` marks.
 *
 * @param from milliseconds
 * @param to milliseconds, not before `from`
 */
export function timeTicks(from: number, to: number, most: number): TimeTick[] {
  const step = STEPS.find((candidate) => (to - from) / candidate < most);
  if (step !== undefined) return evenTicks(from, to, step);
  const span = (to - from) / (30.4 * DAY);
  const months = MONTHS.find((candidate) => span / candidate < most) ?? MONTHS[MONTHS.length - 1];
  const first = new Date(from);
  const ticks: TimeTick[] = [];
  for (
    let at = Math.ceil((first.getUTCFullYear() * 12 + first.getUTCMonth()) / months) * months;
    ;
    at += months
  ) {
    const time = Date.UTC(Math.floor(at / 12), at % 12);
    if (time > to) return ticks;
    const label = new Date(time).toISOString().slice(0, months % 12 === 0 ? 4 : 7);
    if (time >= from) ticks.push({ time, label });
  }
}

function evenTicks(from: number, to: number, step: number): TimeTick[] {
  const ticks: TimeTick[] = [];
  // Weeks begin on Mondays; the epoch was a Thursday.
  const offset = step === 7 * DAY ? 4 * DAY : 0;
  for (let time = Math.ceil((from - offset) / step) * step + offset; time <= to; time += step) {
    const iso = new Date(time).toISOString();
    if (step >= DAY) ticks.push({ time, label: iso.slice(0, 10) });
    else {
      const begins = ticks.length === 0 || time % DAY === 0;
      ticks.push({ time, label: iso.slice(11, 16), ...(begins ? { date: iso.slice(0, 10) } : {}) });
    }
  }
  return ticks;
}
