import { divide, notionalOf } from '#lib/amounts';
import { INDEX_SCALE, type OpenPosition, type WindowState } from './ledger-state.js';

/** An account's equity when a window began, and deposits since, less payouts: changed in place, every deposit comes here. */
interface Baseline {
  readonly equity: bigint;
  inflow: bigint;
}

/** Marks and funding indices of a moment, and the accounts that have changed since. */
interface Window {
  readonly at: number;
  /** price and funding index by market */
  readonly markets: ReadonlyMap<string, { readonly price: bigint; readonly index: bigint }>;
  readonly changed: Map<string, Baseline>;
}

export interface AccountHoldings {
  readonly cash: bigint;
  readonly positions: Iterable<readonly [market: string, position: OpenPosition]>;
}

/**
 * Gains of accounts since the day before: gains bear losses past the pool's capital first. Two windows are kept, begun a day
 * apart; the older one counts, so that a gain shortly after midnight counts as well. An account that has not changed since a
 * window began had, then, the value of its present books at the marks of then: only accounts that change are remembered.
 */
export class GainWindows {
  private current: Window | undefined;
  private previous: Window | undefined;

  /** When the newest window began, market time; undefined before the first one. */
  get beganAt(): number | undefined {
    return this.current?.at;
  }

  begin(at: number, markets: Window['markets']): void {
    this.previous = this.current;
    this.current = { at, markets, changed: new Map() };
  }

  /** An account is about to change. */
  remember(account: string, holdings: () => AccountHoldings): void {
    rememberIn(this.previous, account, holdings);
    rememberIn(this.current, account, holdings);
  }

  /** Money that came to a remembered account from outside; negative: that left. */
  addInflow(account: string, amount: bigint): void {
    const before = this.previous?.changed.get(account);
    if (before !== undefined) before.inflow += amount;
    const now = this.current?.changed.get(account);
    if (now !== undefined) now.inflow += amount;
  }

  /**
   * Money that goes from one account of an owner to another: principal first, and beyond it the gain goes along, so that a gain
   * stays one wherever its owner keeps it. An account that ends passes on its whole gain, or its loss.
   *
   * @param equity of the account it leaves, before, money
   */
  move(from: string, to: string, amount: bigint, equity: bigint, ends: boolean): void {
    for (const window of [this.previous, this.current]) {
      const known = window?.changed.get(from);
      if (known === undefined) continue;
      const won = equity - known.equity - known.inflow;
      const own = won <= 0n ? equity : equity > won ? equity - won : 0n;
      const gain = ends ? won : amount > own ? amount - own : 0n;
      known.inflow -= amount - gain;
      window!.changed.get(to)!.inflow += amount - gain;
    }
  }

  /** An account's equity when the older window began; undefined before there is one. */
  baseline(account: string, holdings: AccountHoldings): Readonly<Baseline> | undefined {
    const window = this.previous ?? this.current;
    if (window === undefined) return undefined;
    return window.changed.get(account) ?? { equity: equityAt(window, holdings), inflow: 0n };
  }

  state(): WindowState[] {
    return [this.previous, this.current].flatMap((window) =>
      window === undefined
        ? []
        : [
            {
              at: window.at,
              markets: [...window.markets].map(
                ([market, { price, index }]) => [market, price, index] as const,
              ),
              changed: [...window.changed].map(
                ([account, { equity, inflow }]) => [account, equity, inflow] as const,
              ),
            },
          ],
    );
  }

  restore(windows: readonly WindowState[]): void {
    const [previous, current] = windows.length > 1 ? windows : [undefined, windows.at(0)];
    this.previous = previous && thawed(previous);
    this.current = current && thawed(current);
  }
}

function rememberIn(window: Window | undefined, account: string, holdings: () => AccountHoldings): void {
  if (window === undefined || window.changed.has(account)) return;
  window.changed.set(account, { equity: equityAt(window, holdings()), inflow: 0n });
}

function thawed({ at, markets, changed }: WindowState): Window {
  return {
    at,
    markets: new Map(markets.map(([market, price, index]) => [market, { price, index }])),
    changed: new Map(changed.map(([account, equity, inflow]) => [account, { equity, inflow }])),
  };
}

/** Markets that the window does not know count at their entry. */
function equityAt({ markets }: Window, { cash, positions }: AccountHoldings): bigint {
  let equity = cash;
  for (const [market, { size, entryNotional, fundingIndex }] of positions) {
    const known = markets.get(market);
    if (known === undefined) continue;
    equity += notionalOf(size, known.price, 'down') - entryNotional;
    equity -= divide(size * (known.index - fundingIndex), INDEX_SCALE, 'up');
  }
  return equity;
}
