import { UnknownMarketError } from '#lib/exchange';
import type { Quoter, StreamChannel } from '#lib/streams';
import type { AccountViews } from './account-views.js';
import { bookView, fundingView, marketsView, riskView } from './exchange-views.js';
import type { PricerService } from './pricer.service.js';
import type { QuoteDesk } from './quote-desk.js';

/** An account's margin is the dearest thing to tell: it is told once a second at most. */
const ACCOUNT_INTERVAL_MS = 1000;

/** The channels the book is behind, and quotes over streams. */
export function pricerStreams(
  pricer: PricerService,
  accounts: AccountViews,
  desk: QuoteDesk,
): { channels: StreamChannel[]; quote: Quoter } {
  const version = () => {
    const { board, ledger } = pricer.engine;
    return `${board.now} ${board.revision} ${ledger.eventCount} ${board.latestForecast?.forecastId ?? ''}`;
  };
  const fresh = () => {
    pricer.requireFresh();
    return pricer.engine;
  };
  /** A document by market: all, or one market's part. */
  const byMarket = (
    name: StreamChannel['name'],
    view: () => { readonly markets: Readonly<Record<string, unknown>> },
  ): StreamChannel => ({
    name,
    version,
    read: (market) => {
      const { markets, ...rest } = view();
      if (market === undefined) return { ...rest, markets };
      if (!Object.hasOwn(markets, market)) throw new UnknownMarketError(market);
      return { ...rest, markets: { [market]: markets[market] } };
    },
  });
  const channels = [
    byMarket('marks', () => {
      const { marketTime, markets, warmingUp, excluded } = marketsView(fresh());
      return {
        marketTime,
        markets: byName(markets.map(({ markAge: _, ...mark }) => mark)),
        warmingUp: byName(warmingUp),
        excluded: byName(excluded),
      };
    }),
    byMarket('book', () => {
      const { markets, ...book } = bookView(fresh());
      return { ...book, markets: byName(markets) };
    }),
    byMarket('risk', () => {
      const { allocation, ...risk } = riskView(fresh());
      return {
        ...risk,
        capitalAllocation: allocation.capital,
        markets: Object.fromEntries(
          Object.entries(allocation.markets).map(([market, share]) => [market, { allocation: share }]),
        ),
      };
    }),
    byMarket('funding', () => {
      const { markets, ...funding } = fundingView(fresh());
      return { ...funding, markets: byName(markets) };
    }),
    {
      name: 'account',
      intervalMs: ACCOUNT_INTERVAL_MS,
      version,
      read: (account) => {
        pricer.requireFresh();
        return accountDocument(accounts.account(account!));
      },
    } satisfies StreamChannel,
  ];
  return {
    channels,
    quote: ({ account, legs }, { keyId }) => desk.quote({ account, legs }, keyId),
  };
}

interface Named {
  readonly market: string;
}

/** Of a list whose elements name their market: its elements by market, so that a patch can tell of one. */
function byName<Element extends Named>(list: readonly Element[]): Record<string, Omit<Element, 'market'>> {
  return Object.fromEntries(list.map(({ market, ...rest }) => [market, rest]));
}

interface MarginView {
  readonly positions: readonly Named[];
}

function accountDocument({ cross, isolated, ...account }: ReturnType<AccountViews['account']>): object {
  const margin = <View extends MarginView>({ positions, ...view }: View) => ({
    ...view,
    positions: byName(positions),
  });
  return { ...account, cross: margin(cross), isolated: byName(isolated.map(margin)) };
}
