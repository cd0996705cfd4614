import { MONEY_DECIMALS, toNumber } from '#lib/amounts';
import {
  type CoverageInterval,
  coverageInterval,
  type CoverageReport,
  type CoverageSnapshot,
  coverageSnapshot,
  endPrice,
  panelRows,
  zkriskSettings,
} from '#lib/lab';
import { type BookEvent, ExchangeLedger } from '#lib/exchange';
import { UsageError } from '#lib/terminal';
import { playOurs } from './our-venue.js';
import { inputsAgain, type InputsNow, type ReportInputs } from './report-inputs.js';

/** `lab coverage --report`: tests and intervals, and their inputs. */
export interface CoverageReportFile extends ReportInputs {
  readonly kind: 'coverage';
  readonly seed: number;
  readonly coverage: CoverageReport;
}

/** A test's figure, and the quantities of each interval that it is computed from. */
export interface TestExplanation {
  readonly id: string;
  readonly says: string;
  readonly value: number;
  readonly intervals: readonly ({ readonly id: string } & Partial<CoverageInterval>)[];
}

/** An interval's quantity: income with the book events that brought it, any other with the positions at both ends' prices. */
export interface IntervalExplanation {
  readonly id: string;
  readonly says: string;
  readonly value: number;
  /** number of the last book event before the interval: the book at its beginning is the fold of all up to it */
  readonly after: number;
  readonly markets: readonly {
    readonly market: string;
    readonly size: number;
    readonly from: number;
    readonly to: number;
    readonly part: number;
  }[];
  /** of income: the events that changed it, each with the change */
  readonly events: readonly { readonly number: number; readonly part: number; readonly event: BookEvent }[];
}

/** Tests, their sentences, and the quantities of an interval that each compares. */
const TESTS = {
  liability: ['X passes its EVaR at most α of the time', ['liability', 'evar']],
  loss: ['the loss passes its κs√(−2 ln α) at most α of the time', ['loss', 'lossEvar']],
  exchange: ['premia and funding pay for the exchange’s losses', ['collected', 'loss']],
  providers: [
    'providers collect what the call spread costs them',
    ['liquidityCollected', 'callSpread', 'payoff'],
  ],
} as const;

/** Quantities of an interval. */
const QUANTITIES = {
  liability: 'X at the end of the horizon, of the book at its beginning',
  evar: 'EVaR of X⁺ at the beginning',
  loss: 'qᵀΔS: the pool’s loss on the book of the beginning',
  lossEvar: 'κs√(−2 ln α) at the beginning',
  collected: 'premia and funding collected for the exchange',
  liquidityCollected: 'premia and funding collected for the providers',
  payoff: 'payoff of the providers’ call spread',
  callSpread: 'price of the call spread at the beginning',
} as const satisfies Partial<Record<keyof CoverageInterval, string>>;

/**
 * Explains a figure of `lab coverage`: `test/figure` is traced to intervals, `interval/quantity` to book events or positions, for which the
 * run is repeated up to the interval's end.
 *
 * @throws {UsageError} for an ID that the report does not have, or where the run repeated is not the one reported
 */
export async function explainCoverage(
  id: string,
  report: CoverageReportFile,
  now: InputsNow,
): Promise<TestExplanation | IntervalExplanation> {
  const [first, second = ''] = id.split('/');
  const { intervals } = report.coverage;
  if (Object.hasOwn(TESTS, first)) {
    const [says, compared] = TESTS[first as keyof typeof TESTS];
    const figures = report.coverage[first as keyof typeof TESTS] as unknown as Record<string, number>;
    if (!Object.hasOwn(figures, second))
      throw new UsageError(`${id}: the test has ${Object.keys(figures).join(', ')}`);
    return {
      ...{ id, says, value: figures[second] },
      intervals: intervals.map((interval, i) => ({
        ...{ id: String(i), time: interval.time },
        ...Object.fromEntries(compared.map((name) => [name, interval[name]])),
      })),
    };
  }
  const at = Number(first);
  const interval = /^\d+$/.test(first) ? intervals.at(at) : undefined;
  if (interval === undefined || !Object.hasOwn(QUANTITIES, second))
    throw new UsageError(
      `${id}: must be ${Object.keys(TESTS).join(', ')} with a figure, or 0 to ${intervals.length - 1} with ${Object.keys(QUANTITIES).join(', ')}`,
    );
  return explainInterval(id, at, second as keyof typeof QUANTITIES, report, now);
}

async function explainInterval(
  id: string,
  at: number,
  quantity: keyof typeof QUANTITIES,
  report: CoverageReportFile,
  now: InputsNow,
): Promise<IntervalExplanation> {
  const { parameters, seed, coverage } = report;
  const inputs = await inputsAgain(report, now);
  const { panel } = inputs;
  const every = Math.ceil(parameters.horizonBars);
  const { exchange, bucketMs } = zkriskSettings(parameters, panel.barMs);
  // A second ledger, read before and after each event: the difference is the income by that event.
  const books = new ExchangeLedger(exchange.horizonMs, bucketMs);
  const snapshots: CoverageSnapshot[] = [];
  const income: {
    number: number;
    snapshots: number;
    exchange: number;
    providers: number;
    event: BookEvent;
  }[] = [];
  const counts: number[] = [];
  const money = (amount: bigint) => toNumber(amount, MONEY_DECIMALS);
  // Nothing after the interval's end matters. The number of bars before the first snapshot is not known yet: the time finds the row.
  const last = panel.times.findIndex((time) => time > coverage.intervals[at].time) + every;
  const rows = last >= every ? Math.min(panel.times.length, last) : panel.times.length;
  await playOurs(
    { ...inputs, panel: panelRows(panel, 0, rows) },
    { seed, parameters },
    {
      book: (number, event) => {
        const { riskPremia, riskFunding, liquidityPremia, liquidityFunding } = books.totals;
        books.apply(event);
        const is = books.totals;
        const one = money(is.riskPremia + is.riskFunding - riskPremia - riskFunding);
        const other = money(is.liquidityPremia + is.liquidityFunding - liquidityPremia - liquidityFunding);
        if (one !== 0 || other !== 0)
          income.push({ number, snapshots: snapshots.length, exchange: one, providers: other, event });
      },
      bar: (venue) => {
        const snapshot = coverageSnapshot(venue.engine, panel.markets);
        if (snapshot === null) return;
        snapshots.push(snapshot);
        counts.push(venue.engine.ledger.eventCount);
      },
    },
  );
  const begins = snapshots.findIndex(({ time }) => time === coverage.intervals[at].time);
  const [from, to] = [snapshots.at(begins), snapshots.at(begins + every)];
  if (begins < 0 || from === undefined || to === undefined)
    throw new UsageError(`${id}: the run has no such interval: another version of zkrisk?`);
  const stated = coverage.intervals[at];
  const repeated = coverageInterval(from, to);
  for (const name of Object.keys(QUANTITIES) as (keyof typeof QUANTITIES)[])
    if (repeated[name] !== stated[name])
      throw new UsageError(
        `${id}: ${name} comes to ${repeated[name]} and not ${stated[name]}: another version of zkrisk?`,
      );
  const part = quantity === 'collected' ? 'exchange' : quantity === 'liquidityCollected' ? 'providers' : null;
  return {
    ...{ id, says: QUANTITIES[quantity], value: stated[quantity], after: counts[begins] },
    markets: panel.markets.flatMap((market, i) => {
      const size = from.sizes[i];
      if (part !== null || size === 0) return [];
      const [before, after] = [from.prices[i], endPrice(from, to, i)];
      return [{ market, size, from: before, to: after, part: size * (after - before) }];
    }),
    events: income.flatMap(({ number, snapshots: seen, event, ...amounts }) =>
      part === null || seen <= begins || seen > begins + every || amounts[part] === 0
        ? []
        : [{ number, part: amounts[part], event }],
    ),
  };
}
