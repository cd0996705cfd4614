import fc from 'fast-check';
import { ZkriskError } from '#lib/errors';
import {
  type BookEvent,
  type ConfirmedMark,
  firstRules,
  followersOf,
  type JournalledTrade,
  markParametersOf,
  type MarketOrder,
  marketOrderSeal,
} from '#lib/exchange';
import type { RiskParameters } from '#lib/messages';
import { ExchangeMachine, HOUR_MS, START } from '../exchange-machine.js';
import { COLLUDERS, MARKETS, USUAL_VOLATILITY } from './commands.js';

const SECRET = 'the operator’s secret';
/** A move of a command is a mark at once; one that is four times as large is held back. */
const MARKING = { bandMinimum: 0.15 };

const market = fc.constantFrom(...MARKETS);
/** Changes of the risk parameters, one at a time: each is tightened as well as widened. */
const CHANGES: readonly ((parameters: RiskParameters) => object)[] = [
  ({ margin }) => ({ margin: { ...margin, mode: margin.mode === 'linear' ? 'portfolio' : 'linear' } }),
  ({ margin }) => ({
    margin: { ...margin, depths: Object.keys(margin.depths).length > 0 ? {} : { A: 1e7, B: 1e6 } },
  }),
  ({ credit }) => ({ credit: { ...credit, accountShare: credit.accountShare === null ? 0.02 : null } }),
  ({ credit }) => ({ credit: { ...credit, poolShare: credit.poolShare === null ? 0.1 : null } }),
  ({ credit }) => ({ credit: { ...credit, loading: credit.loading === 0 ? 3 : 0 } }),
  ({ liquidation }) => ({
    liquidation: { ...liquidation, penaltyRate: liquidation.penaltyRate === null ? 0.005 : null },
  }),
  ({ liquidation }) => ({
    liquidation: { ...liquidation, minimumPosition: liquidation.minimumPosition === 1 ? 1000 : 1 },
  }),
  ({ limits }) => ({ limits: { ...limits, account: limits.account === 5e9 ? 50_000 : 5e9 } }),
  ({ fees }) => ({
    fees: {
      ...fees,
      default: fees.default.maker < 0 ? { maker: 0.001, taker: 0.002 } : { maker: -0.0005, taker: 0.0005 },
      accounts: Object.keys(fees.accounts).length > 0 ? {} : { c1: 0, c2: 0.5 },
    },
  }),
];

/** Orders of an honest operator; colluders know each before it is given, for sequences are drawn without regard to it. */
export const orders = {
  restrict: fc.record({
    ...{ kind: fc.constant('restrict' as const), market },
    order: fc.constantFrom('halt' as const, 'reduce-only' as const),
  }),
  resume: fc.record({ kind: fc.constant('resume' as const), market }),
  rescale: fc.record({
    ...{ kind: fc.constant('rescale' as const), market },
    factor: fc.constantFrom('1000', '0.001', '10', '0.1', '3', '0.37'),
    resumes: fc.boolean(),
  }),
  /** at the mark, or where marks move also beside it */
  delist: fc.record({
    ...{ kind: fc.constant('delist' as const), market },
    permille: fc.integer({ min: -50, max: 50 }),
    listed: fc.boolean(),
  }),
  bust: fc.record({ kind: fc.constant('bust' as const), back: fc.nat(9) }),
  parameters: fc.record({
    ...{ kind: fc.constant('parameters' as const), change: fc.nat(CHANGES.length - 1) },
    /** made for the version before: refused */
    late: fc.nat(5).map((one) => one === 0),
  }),
  /** a price that is held back; where marks move, one that is there already is repeated */
  held: fc.record({
    ...{ kind: fc.constant('held' as const), market },
    permille: fc.oneof(fc.integer({ min: -700, max: -300 }), fc.integer({ min: 400, max: 1500 })),
  }),
  judge: fc.record({
    ...{ kind: fc.constant('judge' as const), market },
    order: fc.constantFrom('confirm' as const, 'refuse' as const),
  }),
};
export type Order = (typeof orders)[keyof typeof orders] extends fc.Arbitrary<infer T> ? T : never;

export function isOrder(step: { readonly kind: string }): step is Order {
  return Object.hasOwn(orders, step.kind);
}

/** An exchange with an operator, a journal of trades, and the colluders' winnings at marks that moved. */
export class OperatedMachine extends ExchangeMachine {
  /** change of the colluders' fortune as marks moved, money */
  won = 0;
  /** payments to the colluders, less those that they have made, money */
  paid = 0;
  /** debts that they have left behind, money */
  borne = 0;
  /** whether they have provided liquidity */
  provided = false;
  private readonly journal: { trade: JournalledTrade; busted: boolean }[] = [];
  private issued = 0;
  private watermarked = START;

  /** @param fortune the colluders’ wealth as traders, debts taken off; left out where marks do not move */
  constructor(
    rules: object,
    private readonly fortune?: (machine: OperatedMachine) => number,
  ) {
    const all = { ...rules, marks: MARKING };
    super(MARKETS, {
      ...{ volatility: USUAL_VOLATILITY, correlation: 0.4, rules: all },
      parameters: { marks: markParametersOf(firstRules(all).parameters, SECRET) },
    });
    if (fortune !== undefined) this.countAsMarksMove();
  }

  /** Ticks of all markets but those that are delisted, or that hold a price back: their source is silent, and back after an hour. */
  override marks(prices: Readonly<Record<string, number>> = {}, laterMs = 1000): void {
    // The operator accepts steps of market time of more than a day: nothing has said the time while all markets were closed.
    if (this.time + laterMs - this.watermarked > 24 * HOUR_MS)
      this.order({ order: 'accept-time', market: '*', issuedAt: this.time + laterMs });
    this.time += laterMs;
    for (const name of this.markets) {
      const { marks } = this.engine.board;
      if (marks.mode(name) === 'closed') continue;
      if (marks.held(name) !== undefined && prices[name] === undefined && laterMs < HOUR_MS) continue;
      const price = prices[name]?.toFixed(12) ?? marks.mark(name)?.text ?? '100';
      // Time passes at the old marks, then they move.
      this.engine.watermark(this.time);
      this.watermarked = this.time;
      this.engine.take({ market: name, price, time: this.time, sequence: ++this.ticks });
      this.keep(this.engine.takeMatured());
    }
  }

  /** Gives an order. @returns whether it was carried out */
  order(
    asked: Pick<MarketOrder, 'order' | 'market'> & Partial<MarketOrder>,
    trade?: JournalledTrade,
  ): boolean {
    this.issued = Math.max(this.issued + 1, asked.issuedAt ?? this.time);
    const unsealed = { by: 'olga', reason: 'as announced', ...asked, issuedAt: this.issued };
    try {
      this.engine.order({ ...unsealed, seal: marketOrderSeal(SECRET, unsealed) }, trade);
      return true;
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      return false;
    } finally {
      this.keep(this.engine.takeMatured());
    }
  }

  /** Takes back a trade of the colluders. @param back its place among those that stand, from the last. @returns whether it was taken back */
  bust(back: number): boolean {
    const entry = this.journal.filter(({ busted }) => !busted).at(-1 - back);
    if (entry === undefined) return false;
    const { account, tradeId: id, planId } = entry.trade.booked;
    const of = planId === undefined ? 'trades' : 'liquidation-trades';
    entry.busted = this.order({ order: 'bust', market: '*', trade: { account, id, of } }, entry.trade);
    return entry.busted;
  }

  parameters(change: number, late: boolean): BookEvent {
    const { version, parameters } = this.engine.parameters.rules;
    const changed = { ...parameters, ...CHANGES[change](parameters) };
    const command = { commandId: this.id(), base: late ? version + 1 : version, parameters: changed };
    const events = this.engine.setParameters(
      { ...command, by: 'olga', reason: 'a change', issuedAt: this.time },
      this.time,
    );
    this.keep(events);
    return events.findLast(({ kind }) => kind.startsWith('parameters-'))!;
  }

  /** The colluders' wealth and payouts less what they have paid in and the debts that others bear. */
  get gain(): number {
    return this.fortune === undefined ? 0 : this.fortune(this) + this.paid - this.borne;
  }

  /** Counts winnings by each move of marks alone, before the engine acts on it: its actions have to be fair. */
  private countAsMarksMove(): void {
    const { board } = this.engine;
    const counted = (move: () => ConfirmedMark[]) => {
      const before = this.gain;
      const confirmed = move();
      this.won += this.gain - before;
      return confirmed;
    };
    const [take, order] = [board.take.bind(board), board.order.bind(board)];
    board.take = (tick) => counted(() => take(tick));
    // A rescaled mark is of another unit, until the books are.
    board.order = (given) => (given.order === 'rescale' ? order(given) : counted(() => order(given)));
  }

  protected override keep(events: readonly BookEvent[]): void {
    super.keep(events);
    for (const [i, event] of events.entries()) {
      if (event.kind === 'trade-booked' && isColluder(event.account))
        this.journal.push({
          trade: { booked: event, followed: followersOf(event, events.slice(i + 1)), busted: false },
          busted: false,
        });
      this.paid += paidBy(event);
      if (
        event.kind === 'liquidity-valued' ||
        (event.kind === 'liquidity-deposited' && isColluder(event.provider))
      )
        this.provided = true;
      if (event.kind === 'bankruptcy-settled' && isColluder(event.account)) this.borne += Number(event.loss);
      if (event.kind !== 'trade-busted') continue;
      this.borne -= Number(event.debt);
      // Gains and losses of its positions since then are reversed as well.
      for (const { market: name, size, price } of event.legs)
        this.won += Number(size) * (this.engine.board.mark(name)!.value - Number(price));
    }
  }
}

/** Carries out an order as an honest operator gives it. @returns its outcome, for the coverage */
export function give(machine: OperatedMachine, order: Order, randomMarks: boolean): string {
  const { board } = machine.engine;
  const done = (carried: boolean) => (carried ? 'done' : 'refused');
  switch (order.kind) {
    case 'restrict':
      return done(machine.order({ order: order.order, market: order.market }));
    case 'resume':
      return resume(machine, order.market);
    case 'rescale': {
      const after = board.mark(order.market)!.value * Number(order.factor);
      // Beyond these no issuer redenominates, and prices lose their digits.
      if (after < 0.01 || after > 1e6) return 'unasked';
      machine.order({ order: 'halt', market: order.market });
      const carried = machine.order({ order: 'rescale', market: order.market, factor: order.factor });
      if (order.resumes) resume(machine, order.market);
      return done(carried);
    }
    case 'delist': {
      machine.order({ order: 'halt', market: order.market });
      const { text, value } = board.mark(order.market)!;
      const price = randomMarks ? ((value * (1000 + order.permille)) / 1000).toFixed(12) : text;
      const carried = machine.order({ order: 'delist', market: order.market, price });
      if (order.listed) resume(machine, order.market);
      return done(carried);
    }
    case 'bust':
      return done(machine.bust(order.back));
    case 'parameters':
      return machine.parameters(order.change, order.late).kind;
    case 'held': {
      const held = board.marks.held(order.market);
      if (board.marks.mode(order.market) === 'closed' || (held !== undefined && !randomMarks))
        return 'unasked';
      const price = held?.price ?? (board.mark(order.market)!.value * (1000 + order.permille)) / 1000;
      if (price < 0.01 || price > 1e6) return 'unasked';
      machine.marks({ [order.market]: price }, held === undefined ? 1000 : 6000);
      return board.marks.held(order.market) === undefined ? 'repeated' : 'held';
    }
    case 'judge': {
      const judged = order.order === 'confirm' && !randomMarks ? 'refuse' : order.order;
      return machine.order({ order: judged, market: order.market }) ? judged : 'refused';
    }
  }
}

/** Opens a market; one that was delisted is listed anew, at the price that it had. */
function resume(machine: OperatedMachine, market: string): string {
  const { board } = machine.engine;
  const price = board.mark(market)!.value;
  const closed = board.marks.mode(market) === 'closed';
  if (!machine.order({ order: 'resume', market })) return 'refused';
  if (closed) machine.marks({ [market]: price });
  return closed ? 'listed' : 'done';
}

function isColluder(account: string): boolean {
  return COLLUDERS.some((name) => account === name || account.startsWith(`${name}~`));
}

/** An event's payment to the colluders; negative: their deposit. */
function paidBy(event: BookEvent): number {
  if (event.kind === 'account-withdrawn' && isColluder(event.account)) return Number(event.amount);
  if (event.kind === 'account-deposited' && isColluder(event.account)) return -Number(event.amount);
  if (event.kind === 'liquidity-withdrawn' && isColluder(event.provider)) return Number(event.paid);
  if (event.kind === 'liquidity-deposited' && isColluder(event.provider)) return -Number(event.amount);
  return 0;
}
