import type { MarketSource } from './market-source.js';

/** Bars from one round of incidents to the next. */
const EVERY_BARS = 240;
/** Bars from the first forecast to the wrong print, and to the crash: a minute and two at a person's speed. */
const PRINT_AFTER = 6;
const CRASH_AFTER = 12;
/** Wrong print of one market for one bar: far outside its band, and not repeated. */
const PRINT = { market: 3, factor: 1.5 };
/** All markets fall by this much in each of the first bars of the crash. */
const FALLS = [0.05, 0.06, 0.04];
/** Prices are back at their own level so many bars after the crash, in equal steps of their logarithm. */
const RECOVERY_BARS = 160;

/** A staged incident, named for the reader when it happens. */
export interface Incident {
  readonly bar: number;
  readonly text: string;
}

/** A market with staged incidents. */
export interface StagedMarket extends MarketSource {
  incidentAt(bar: number): Incident | undefined;
}

/**
 * Stages, in a simulated market, the two incidents that a risk engine is for, so that who looks for the first time sees them soon: one
 * market prints a wrong price for a bar, then all markets fall within three bars and recover. Both come again every 240 bars. A
 * function of the bar alone, so that a replay can be resumed.
 *
 * @param firstBar bar of the first forecast
 */
export function stageIncidents(source: MarketSource, firstBar: number): StagedMarket {
  const market = source.markets[PRINT.market];
  const phaseOf = (bar: number) => (bar < firstBar ? -1 : (bar - firstBar) % EVERY_BARS);
  return {
    ...source,
    id: `${source.id}-staged-${firstBar}`,
    description: `${source.description}; a wrong print and a crash are staged every ${EVERY_BARS} bars`,
    *rows(from) {
      let bar = from;
      for (const { time, prices } of source.rows(from)) {
        const phase = phaseOf(bar++);
        yield {
          time,
          prices: prices.map((price, i) => {
            if (price === undefined) return undefined;
            const factor = levelAt(phase) * (i === PRINT.market && phase === PRINT_AFTER ? PRINT.factor : 1);
            return factor === 1 ? price : scaled(price, factor);
          }),
        };
      }
    },
    incidentAt: (bar) => {
      const phase = phaseOf(bar);
      if (phase === PRINT_AFTER)
        return { bar, text: `${market} prints ${PRINT.factor} times its price: held back, not believed` };
      if (phase === CRASH_AFTER) {
        const percent = Math.round(100 * (1 - bottom));
        return { bar, text: `all markets fall, by ${percent} % within ${FALLS.length} bars` };
      }
      return undefined;
    },
  };
}

const bottom = FALLS.reduce((level, fall) => level * (1 - fall), 1);

/** Level of all prices at a bar of the round, 1 outside the crash and its recovery. */
function levelAt(phase: number): number {
  const after = phase - CRASH_AFTER;
  if (after < 0) return 1;
  if (after < FALLS.length) return FALLS.slice(0, after + 1).reduce((level, fall) => level * (1 - fall), 1);
  return bottom ** Math.max(0, 1 - (after + 1 - FALLS.length) / RECOVERY_BARS);
}

/** Eight significant digits, as simulated prices have, without an exponent. */
function scaled(price: string, factor: number): string {
  const text = (Number(price) * factor).toPrecision(8);
  return text.includes('e') ? Number(text).toFixed(12).replace(/0+$/, '') : text;
}
