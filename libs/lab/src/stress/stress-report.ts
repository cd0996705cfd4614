import type { PricingEngine } from '#lib/exchange';
import type { ScenarioDeficit } from '#lib/margin';
import { covarianceEntry, type FactorForecast } from '#lib/risk';
import { CreditDeficits } from './credit-deficits.js';
import { type InsolvencyDistance, insolvencyDistance } from './insolvency-distance.js';
import { type AccountSlice, BookCopy, type BookFrame } from './book-copy.js';
import { type ScenarioSources, stressGrid } from './scenarios.js';
import { copiedAccounts, StressBook } from './stress-book.js';
import { type StressOutcome, stressOutcome, type StressScenario, UnmovedBook } from './stress-outcome.js';

/** A book under stress: the grid, and how far the nearest moves are that use up P, then P and L. */
export interface StressReport {
  /** market time of the book, milliseconds */
  readonly at: number;
  readonly forecastId: string;
  /** end of the forecast's bar, milliseconds */
  readonly barEnd: number;
  readonly markets: readonly string[];
  readonly accounts: number;
  readonly capital: number;
  readonly liquidity: number;
  readonly distance: { readonly capital: InsolvencyDistance; readonly insolvency: InsolvencyDistance };
  /** the worst for the pool first */
  readonly scenarios: readonly StressOutcome[];
  /** debts that accounts could leave in the scenarios of the risk parameters, the largest first */
  readonly credit: readonly ScenarioDeficit[];
}

/** Scenarios of the risk parameters in a report. */
const CREDIT_SHOWN = 20;

/** Correlation from which markets count as one cluster. */
const TOGETHER = 0.8;

/** The book of an engine at its marks; null before there are a forecast and marks. */
export function stressBookOf(engine: PricingEngine): StressBook | null {
  const copy = BookCopy.of(engine);
  return copy && bookOf(copy.frame, slicesOf(copy));
}

function slicesOf(copy: BookCopy): AccountSlice[] {
  const slices: AccountSlice[] = [];
  for (let slice = copy.slice(); slice !== undefined; slice = copy.slice()) slices.push(slice);
  return slices;
}

function bookOf(frame: BookFrame, slices: readonly AccountSlice[], deficits?: CreditDeficits): StressBook {
  const { forecastMarkets, capital, liquidity, forecast } = frame;
  const accounts = copiedAccounts(frame, slices, deficits);
  return new StressBook(forecastMarkets, accounts, capital, liquidity, forecast);
}

/** Both distances of a book; P's debt counts for L. */
export function distancesOf(book: StressBook): StressReport['distance'] {
  const capital = Math.max(0, book.capital);
  return {
    capital: insolvencyDistance(book, capital),
    insolvency: insolvencyDistance(book, Math.max(0, book.capital + book.liquidity)),
  };
}

/** Grid and distances of an engine's book; null before there are a forecast and marks. */
export function stressReport(
  engine: PricingEngine,
  history: ScenarioSources['history'] = [],
): StressReport | null {
  const copy = BookCopy.of(engine);
  return copy && stressReportOf(copy.frame, slicesOf(copy), history);
}

/** The {@link stressReport} of a copied book, the same to the bit, in whatever thread. */
export function stressReportOf(
  frame: BookFrame,
  slices: readonly AccountSlice[],
  history: NonNullable<ScenarioSources['history']>,
): StressReport {
  const deficits = new CreditDeficits(frame.stress);
  const book = bookOf(frame, slices, deficits);
  const unmoved = new UnmovedBook(book);
  const { at, forecastId, barEnd } = frame;
  return {
    ...{ at, forecastId, barEnd, markets: [...book.markets], accounts: book.accounts },
    ...{ capital: book.capital, liquidity: book.liquidity, distance: distancesOf(book) },
    scenarios: stressScenarios(book, history)
      .map((scenario) => stressOutcome(book, scenario, unmoved))
      .sort((a, b) => b.poolLoss - a.poolLoss),
    credit: deficits.worst(CREDIT_SHOWN),
  };
}

/** The grid for a book, with clusters by its forecast. */
export function stressScenarios(
  book: StressBook,
  history: NonNullable<ScenarioSources['history']>,
): StressScenario[] {
  const clusters = correlatedMarkets(book.forecast, book.markets);
  return stressGrid(book, { clusters, history: history.filter(({ length }) => length === book.n) });
}

/** Markets that hang together by forecast correlations above a threshold, by their first name; single ones and all in one are left out. */
export function correlatedMarkets(
  forecast: FactorForecast,
  markets: readonly string[],
): Record<string, readonly number[]> {
  const n = markets.length;
  const group = Array.from({ length: n }, (_, i) => i);
  const correlation = (i: number, j: number) =>
    covarianceEntry(forecast, i, j) /
    Math.sqrt(covarianceEntry(forecast, i, i) * covarianceEntry(forecast, j, j));
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      if (!(correlation(i, j) >= TOGETHER) || group[i] === group[j]) continue;
      const [from, to] = [group[i], group[j]];
      group.forEach((value, k) => {
        if (value === from) group[k] = to;
      });
    }
  const members = new Map<number, number[]>();
  group.forEach((value, i) => members.set(value, [...(members.get(value) ?? []), i]));
  return Object.fromEntries(
    [...members.values()]
      .filter(({ length }) => length > 1 && length < n)
      .map((some) => [`of ${markets[some[0]]}`, some]),
  );
}
