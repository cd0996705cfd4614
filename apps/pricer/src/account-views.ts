import { InvalidInputError } from '#lib/errors';
import {
  type AccountStanding,
  cutOf,
  type LossShare,
  type PricingEngine,
  shareOfGains,
  UnknownAccountError,
} from '#lib/exchange';
import {
  MONEY_DECIMALS,
  parseDecimal,
  PRICE_DECIMALS,
  toNumber,
  formatMoney,
  isolatedAccount,
} from '#lib/amounts';
import {
  liquidationPrice,
  type MarginLevel,
  type MarginPosition,
  type MarginStanding,
  type MarginTerms,
  marginTerms,
  portfolioLiquidationPrice,
} from '#lib/margin';

/** Market time after which the sums of a loss are counted anew for a view, milliseconds: a count walks all accounts. */
const COUNTED_AGAIN_MS = 60_000;

/** An account's view of its margin, now and after a trade. */
export class AccountViews {
  private share: LossShare | undefined;

  constructor(private readonly engine: () => PricingEngine) {}

  /** @throws {UnknownAccountError} */
  account(id: string) {
    const { ledger, board, accounts } = this.known(id);
    const isolated = ledger.marketNames().filter((market) => ledger.hasAccount(isolatedAccount(id, market)));
    const takeovers = ledger.takeoversOf(id);
    return {
      account: id,
      marketTime: board.nowIso,
      cash: formatMoney(ledger.cashOf(id)),
      losses: this.losses(id),
      takeovers: { notional: formatMoney(takeovers.notional), discount: takeovers.discount },
      cross: this.view(accounts.standing(id)),
      isolated: isolated.map((market) => ({
        market,
        ...this.view(accounts.standing(isolatedAccount(id, market))),
      })),
    };
  }

  /**
   * @throws {UnknownAccountError | InvalidInputError}
   * @throws {ZkriskError} where the trade cannot be priced
   */
  simulate(
    id: string,
    request: {
      legs: readonly { market: string; size: string }[];
      deposit: string;
      marks: Readonly<Record<string, string>>;
    },
  ): object {
    const engine = this.known(id);
    const price = request.legs.length > 0 ? engine.price(request.legs) : undefined;
    const deposit = toNumber(parseDecimal(request.deposit, MONEY_DECIMALS, 'deposit'), MONEY_DECIMALS);
    const cost = price ? toNumber(price.riskPremium + price.liquidityPremium, MONEY_DECIMALS) : 0;
    const now = engine.accounts.standing(id, {
      legs: (price?.legs ?? []).map(({ name, size, exactPrice }) => ({
        market: name,
        size,
        price: toNumber(exactPrice, PRICE_DECIMALS),
      })),
      cost: cost - deposit,
    });
    const positions = now.positions.map((position) => {
      const text = request.marks[position.market];
      if (text === undefined) return position;
      const mark = toNumber(parseDecimal(text, PRICE_DECIMALS, `marks.${position.market}`), PRICE_DECIMALS);
      if (mark <= 0) throw new InvalidInputError(`marks.${position.market}`, 'must be positive');
      return { ...position, mark };
    });
    const then = engine.accounts.standingOf(now.collateral, positions);
    return {
      ...this.view(then),
      premium: price
        ? { risk: formatMoney(price.riskPremium), liquidity: formatMoney(price.liquidityPremium) }
        : null,
      accepted: now.equity >= now.initialMargin,
    };
  }

  private losses(id: string): object {
    const engine = this.engine();
    const { ledger, accounts, board } = engine;
    const equity = accounts.exactEquity(id);
    const gain = equity > 0n ? ledger.gainOf(id, equity) : 0n;
    const share = this.lossShare(engine);
    const { outstanding, claimable } = ledger.notesOf(id);
    return {
      gain: formatMoney(gain),
      haircut: share === undefined ? 0 : shareOfGains(share),
      wouldBeCut: formatMoney(share === undefined ? 0n : cutOf(share, equity, gain)),
      notes: { outstanding: formatMoney(outstanding), claimable: formatMoney(claimable) },
      creditPerHour: formatMoney(ledger.creditOf(id, board.now).rate),
    };
  }

  /** The loss past the pool, counted once a minute of market time at most, however often a view asks. */
  private lossShare(engine: PricingEngine): LossShare | undefined {
    if (!engine.solvency().insolvent) return (this.share = undefined);
    const age = engine.board.now - (this.share?.at ?? -Infinity);
    if (age < 0 || age >= COUNTED_AGAIN_MS) this.share = engine.lossShare();
    return this.share;
  }

  private known(id: string): PricingEngine {
    const engine = this.engine();
    if (!engine.ledger.hasAccount(id)) throw new UnknownAccountError(id);
    return engine;
  }

  private view({ positions, ...marked }: AccountStanding) {
    return {
      ...marked,
      terms: this.terms(positions),
      positions: positions.map((position) => ({
        market: position.market,
        size: position.size,
        entryPrice: position.entryNotional / position.size,
        mark: position.mark,
        unrealisedPnl: position.size * position.mark - position.entryNotional,
        liquidationPrice: this.liquidationPrice(marked, positions, position),
      })),
    };
  }

  /** Both margins by term. */
  private terms(positions: readonly MarginPosition[]): Record<MarginLevel, MarginTerms> {
    const { margin: model } = this.engine().accounts.model(positions);
    const x = positions.map(({ market, size, mark }) => ({ market, notional: size * mark }));
    return { initial: marginTerms(model, x, 'initial'), maintenance: marginTerms(model, x, 'maintenance') };
  }

  private liquidationPrice(
    marked: MarginStanding & { readonly collateral: number },
    positions: readonly MarginPosition[],
    position: MarginPosition,
  ): number | null {
    const { accounts, parameters } = this.engine();
    const { parameters: risk, rates } = parameters.rules;
    if (risk.margin.mode === 'linear') return liquidationPrice(marked, position, rates);
    const { margin } = accounts.model(positions);
    return portfolioLiquidationPrice(marked.collateral, positions, position.market, margin);
  }
}
