import {
  type AccountAfter,
  accountAfter,
  movesOf,
  stressBookOf,
  type StressOutcome,
  type StressReport,
  type StressScenario,
  stressScenarios,
} from '#lib/lab';
import { UsageError } from '#lib/terminal';
import { pastMoves } from './past-moves.js';
import { playOurs } from './our-venue.js';
import { inputsAgain, type InputsNow, type ReportInputs } from './report-inputs.js';

/** `lab stress --report`: the book that a run ends with, under stress, and the run's inputs. */
export interface StressReportFile extends ReportInputs {
  readonly kind: 'stress';
  readonly seed: number;
  readonly stress: StressReport;
}

/** A scenario's figure and the part of each account in it, money. */
export interface StressExplanation {
  readonly id: string;
  readonly says: string;
  readonly value: number;
  /** number of the last book event: the stressed book is the fold of all up to it */
  readonly after: number;
  readonly moves: readonly { readonly market: string; readonly move: number }[];
  readonly accounts: readonly {
    readonly account: string;
    readonly equity: number;
    readonly gain: number;
    readonly positions: readonly { readonly market: string; readonly notional: number }[];
    readonly part: number;
  }[];
}

/** An account after a move, with its equity before. */
type Account = AccountAfter & { readonly equity: number };

/** Figures of a scenario: an account's part of each, and the report's value. */
const FIGURES = {
  poolLoss: {
    says: 'ℓ(r): winners’ gains, less losers’ losses as far as their equity goes',
    part: ({ gain, equity }: Account) => Math.max(gain, -equity),
    stated: (outcome: StressOutcome) => outcome.poolLoss,
  },
  badDebt: {
    says: 'debts of accounts past their equity',
    part: ({ after }: Account) => Math.max(0, -after),
    stated: (outcome: StressOutcome) => outcome.badDebt,
  },
  liquidated: {
    says: 'notional of accounts below their maintenance margin, at the prices after the move',
    part: ({ closed, moved }: Account) => (closed ? moved : 0),
    stated: ({ liquidated }: StressOutcome) => liquidated.notional,
  },
} as const;
type Figure = keyof typeof FIGURES;

/**
 * Explains a figure of `lab stress`, `scenario/poolLoss`, `scenario/badDebt` or `scenario/liquidated`: the run is repeated for its book, and
 * the figure split by account. The losses that P and L bear follow from the pool's loss and their amounts. The nearest moves that use up P,
 * then P and L, are the scenarios `distance capital` and `distance insolvency`.
 *
 * @throws {UsageError} for an ID that the report does not have, or where the run repeated is not the one reported
 */
export async function explainStress(
  id: string,
  report: StressReportFile,
  now: InputsNow,
): Promise<StressExplanation> {
  const slash = id.lastIndexOf('/');
  const [name, figure] = [id.slice(0, Math.max(0, slash)), id.slice(slash + 1)];
  if (!Object.hasOwn(FIGURES, figure))
    throw new UsageError(`${id}: the last part must be one of ${Object.keys(FIGURES).join(', ')}`);
  const { says, part, stated } = FIGURES[figure as Figure];
  const inputs = await inputsAgain(report, now);
  const { venue } = await playOurs(inputs, report, {});
  const book = stressBookOf(venue.engine);
  if (book === null || venue.engine.board.latestForecast?.forecastId !== report.stress.forecastId)
    throw new UsageError(`${id}: the run ends with another forecast: another version of zkrisk?`);
  const found = stressScenarios(book, pastMoves(inputs.panel));
  const nearest = (['capital', 'insolvency'] as const).flatMap((of): StressScenario[] => {
    const { moves } = report.stress.distance[of];
    return moves === null ? [] : [{ name: `distance ${of}`, moves: Float64Array.from(Object.values(moves)) }];
  });
  const scenario = [...found, ...nearest].find((each) => each.name === name);
  if (scenario === undefined) throw new UsageError(`${id}: the report has no scenario ${name}`);
  const moves = movesOf(scenario);
  const accounts = Array.from({ length: book.accounts }, (_, a) => {
    const state = { ...accountAfter(book, a, moves), equity: book.equity[a] };
    return {
      ...{ account: book.names[a], equity: state.equity, gain: state.gain, part: part(state) },
      positions: book.positionsOf(a),
    };
  }).filter((account) => account.part !== 0);
  const value = accounts.reduce((sum, account) => sum + account.part, 0);
  const reported = report.stress.scenarios.find((each) => each.name === name);
  const said = reported === undefined ? value : stated(reported);
  if (!(Math.abs(value - said) <= 1e-9 * (1 + Math.abs(said))))
    throw new UsageError(`${id}: accounts come to ${value} and not ${said}: another version of zkrisk?`);
  return {
    ...{ id, says, value: said, after: venue.engine.ledger.eventCount },
    moves: book.markets.map((market, i) => ({ market, move: moves[i] })),
    accounts: accounts.sort((a, b) => Math.abs(b.part) - Math.abs(a.part)),
  };
}
