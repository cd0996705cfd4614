import type { LabEvent, LabEventOf } from './lab-event.js';

/** How a metric comes from its events' amounts. */
type Fold = 'sum' | 'least' | 'accounts' | 'mean' | 'peak-to-trough';

interface Metric {
  readonly says: string;
  readonly fold: Fold;
  /** undefined: the event is none of the metric's */
  readonly of: (event: LabEvent) => number | undefined;
}

const when =
  <Kind extends LabEvent['kind']>(kind: Kind, amount: (event: LabEventOf<Kind>) => number | undefined) =>
  (event: LabEvent): number | undefined =>
    event.kind === kind ? amount(event as LabEventOf<Kind>) : undefined;

const nonZero = (value: number) => (value === 0 ? undefined : value);

/** Every figure of a run as a fold over its events: `of` is an event's part of a figure. */
export const METRICS = {
  badDebt: {
    says: 'debts of accounts past their collateral',
    fold: 'sum',
    of: when('bankrupt', (e) => e.loss),
  },
  uncovered: { says: 'losses past all capital', fold: 'sum', of: when('uncovered', (e) => e.amount) },
  closedNotional: {
    says: 'notional that liquidations closed',
    fold: 'sum',
    of: when('liquidated', (e) => e.notional),
  },
  liquidatedAccounts: { says: 'accounts liquidated', fold: 'accounts', of: when('liquidated', () => 1) },
  liquidationLoss: {
    says: 'premia, penalties, fees and slippage of liquidations',
    fold: 'sum',
    of: when('liquidated', (e) => e.cost),
  },
  healthyTouched: {
    says: 'healthy accounts whose positions or claims were cut for others’ debts',
    fold: 'accounts',
    of: (e) => (e.kind === 'deleveraged' || e.kind === 'haircut' ? 1 : undefined),
  },
  deleveragedNotional: {
    says: 'notional closed by auto-deleveraging',
    fold: 'sum',
    of: when('deleveraged', (e) => e.notional),
  },
  deleveragingCut: {
    says: 'what healthy accounts lost by deleveraging and haircuts',
    fold: 'sum',
    of: (e) => (e.kind === 'deleveraged' ? e.cut : e.kind === 'haircut' ? e.amount : undefined),
  },
  exchangeResult: {
    says: 'change of the exchange’s capital or insurance fund',
    fold: 'sum',
    of: when('capital', (e) => nonZero(e.exchange)),
  },
  liquidityResult: {
    says: 'change of the liquidity providers’ or market maker’s capital at marks',
    fold: 'sum',
    of: when('capital', (e) => nonZero(e.liquidity)),
  },
  worstBar: {
    says: 'largest loss of exchange and liquidity in a bar',
    fold: 'least',
    of: when('capital', (e) => e.exchange + e.liquidity),
  },
  undercapitalised: {
    says: 'share of bars in which the net book’s EVaR is above the capital',
    fold: 'mean',
    of: when('capital', (e) => (e.undercapitalised > 0 ? 1 : 0)),
  },
  procyclicality: {
    says: 'highest over lowest initial margin of the reference position',
    fold: 'peak-to-trough',
    of: when('capital', (e) => nonZero(e.referenceMargin)),
  },
  meanGross: {
    says: 'notional of all positions, mean over bars',
    fold: 'mean',
    of: when('capital', (e) => e.gross),
  },
  tradedNotional: { says: 'notional traded', fold: 'sum', of: when('traded', (e) => e.notional) },
  tradingCost: { says: 'premia, fees and impact of trades', fold: 'sum', of: when('traded', (e) => e.cost) },
  trades: { says: 'trades', fold: 'sum', of: when('traded', () => 1) },
  refusals: { says: 'commands refused', fold: 'sum', of: when('refused', () => 1) },
  tooDear: {
    says: 'trades that traders left because of their price',
    fold: 'sum',
    of: when('too-dear', () => 1),
  },
  paidIn: { says: 'collateral paid in', fold: 'sum', of: when('paid-in', (e) => e.amount) },
  paidOut: { says: 'collateral paid out', fold: 'sum', of: when('paid-out', (e) => e.amount) },
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

  add(event: LabEvent): void {
    METRIC_NAMES.forEach((name, i) => {
      const amount = METRICS[name].of(event);
      if (amount !== undefined) this.accumulators[i].add(amount, event);
    });
  }

  figures(): Figures {
    return Object.fromEntries(METRIC_NAMES.map((name, i) => [name, this.accumulators[i].value])) as Figures;
  }
}
