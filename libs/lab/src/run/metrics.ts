import type { LabEvent, LabEventOf } from './lab-event.js';

/** How a metric comes from its events' amounts. */
type Fold = 'sum' | 'least' | 'accounts' | 'mean' | 'peak-to-trough';

type Kind = LabEvent['kind'];

/** By kind of event, its part of a figure; undefined: it has none. */
type Parts = { readonly [K in Kind]?: (event: LabEventOf<K>) => number | undefined };

interface Metric {
  readonly says: string;
  readonly fold: Fold;
  /** kinds of events that it is folded from */
  readonly kinds: readonly Kind[];
  /** undefined: the event is none of the metric's */
  readonly of: (event: LabEvent) => number | undefined;
}

function metric(says: string, fold: Fold, parts: Parts): Metric {
  const of = (event: LabEvent) =>
    (parts[event.kind] as ((event: LabEvent) => number | undefined) | undefined)?.(event);
  return { says, fold, kinds: Object.keys(parts) as Kind[], of };
}

const nonZero = (value: number) => (value === 0 ? undefined : value);
const one = () => 1;

/** Every figure of a run as a fold over its events: `of` is an event's part of a figure. */
export const METRICS = {
  badDebt: metric('debts of accounts past their collateral', 'sum', { bankrupt: (e) => e.loss }),
  uncovered: metric('losses past all capital', 'sum', { uncovered: (e) => e.amount }),
  closedNotional: metric('notional that liquidations closed', 'sum', { liquidated: (e) => e.notional }),
  liquidatedAccounts: metric('accounts liquidated', 'accounts', { liquidated: one }),
  liquidationLoss: metric('premia, penalties, fees and slippage of liquidations', 'sum', {
    liquidated: (e) => e.cost,
  }),
  healthyTouched: metric(
    'healthy accounts whose positions or claims were cut for others’ debts',
    'accounts',
    { deleveraged: one, haircut: one },
  ),
  deleveragedNotional: metric('notional closed by auto-deleveraging', 'sum', {
    deleveraged: (e) => e.notional,
  }),
  deleveragingCut: metric('losses of healthy accounts by deleveraging and haircuts', 'sum', {
    deleveraged: (e) => e.cut,
    haircut: (e) => e.amount,
  }),
  exchangeResult: metric('change of the exchange’s capital or insurance fund', 'sum', {
    capital: (e) => nonZero(e.exchange),
  }),
  liquidityResult: metric('change of the liquidity providers’ or market maker’s capital at marks', 'sum', {
    capital: (e) => nonZero(e.liquidity),
  }),
  worstBar: metric('largest loss of exchange and liquidity in a bar', 'least', {
    capital: (e) => e.exchange + e.liquidity,
  }),
  undercapitalised: metric('share of bars in which the net book’s EVaR is above the capital', 'mean', {
    capital: (e) => (e.undercapitalised > 0 ? 1 : 0),
  }),
  procyclicality: metric('highest over lowest initial margin of the reference position', 'peak-to-trough', {
    capital: (e) => nonZero(e.referenceMargin),
  }),
  meanGross: metric('notional of all positions, mean over bars', 'mean', { capital: (e) => e.gross }),
  tradedNotional: metric('notional traded', 'sum', { traded: (e) => e.notional }),
  tradingCost: metric('premia, fees and impact of trades', 'sum', { traded: (e) => e.cost }),
  trades: metric('trades', 'sum', { traded: one }),
  refusals: metric('commands refused', 'sum', { refused: one }),
  tooDear: metric('trades that traders left because of their price', 'sum', { 'too-dear': one }),
  paidIn: metric('collateral paid in', 'sum', { 'paid-in': (e) => e.amount }),
  paidOut: metric('collateral paid out', 'sum', { 'paid-out': (e) => e.amount }),
} satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[];
export type Figures = Readonly<Record<MetricName, number>>;

/** A figure while its events come. */
class Accumulator {
  private count = 0;
  private sum = 0;
  private least = Infinity;
  private most = -Infinity;
  private readonly accounts = new Set<string>();

  constructor(private readonly fold: Fold) {}

  add(amount: number, event: LabEvent): void {
    this.count++;
    this.sum += amount;
    if (amount < this.least) this.least = amount;
    if (amount > this.most) this.most = amount;
    if (this.fold === 'accounts' && 'account' in event) this.accounts.add(event.account);
  }

  get value(): number {
    if (this.fold === 'sum') return this.sum;
    if (this.fold === 'accounts') return this.accounts.size;
    if (this.count === 0) return 0;
    if (this.fold === 'mean') return this.sum / this.count;
    return this.fold === 'least' ? this.least : this.most / this.least;
  }
}

/** Folds a run's events into its figures. */
export class MetricFold {
  private readonly accumulators = METRIC_NAMES.map((name) => new Accumulator(METRICS[name].fold));
  private readonly byKind = new Map<Kind, (readonly [Metric, Accumulator])[]>();

  constructor() {
    METRIC_NAMES.forEach((name, i) => {
      for (const kind of METRICS[name].kinds)
        this.byKind.set(kind, [...(this.byKind.get(kind) ?? []), [METRICS[name], this.accumulators[i]]]);
    });
  }

  add(event: LabEvent): void {
    for (const [{ of }, accumulator] of this.byKind.get(event.kind) ?? []) {
      const amount = of(event);
      if (amount !== undefined) accumulator.add(amount, event);
    }
  }

  figures(): Figures {
    return Object.fromEntries(METRIC_NAMES.map((name, i) => [name, this.accumulators[i].value])) as Figures;
  }
}
