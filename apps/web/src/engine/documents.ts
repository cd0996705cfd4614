import type { JsonObject } from '#lib/messages';
import type { Book, Funding, MarketRow, Markets, Risk } from './answers.js';
import type { Topic } from './feed.js';

/** Documents of the stream as REST answers them: lists where the stream has names, and null where it leaves a field out. */

type ByName<Element> = Readonly<Record<string, Omit<Element, 'market'>>>;

/** Rows by their source: a market that has not changed keeps its row. */
const rows = new WeakMap<object, MarketRow>();

function marketRow(market: string, given: Omit<MarketRow, 'market'>, marketTime: number): MarketRow {
  let row = rows.get(given);
  if (row === undefined) {
    row = { ...given, market, average: given.average ?? null, held: given.held ?? null, markAge: 0 };
    rows.set(given, row);
  }
  const markAge = marketTime - Date.parse(row.markTime);
  return markAge === row.markAge ? row : { ...row, markAge };
}

function listOf<Element>(byName: ByName<Element>): Element[] {
  return Object.entries(byName).map(([market, rest]) => ({ market, ...rest }) as Element);
}

function marketsOf(document: JsonObject): Markets {
  const { markets, warmingUp, excluded, marketTime } = document as unknown as {
    markets: ByName<MarketRow>;
    warmingUp: ByName<Markets['warmingUp'][number]>;
    excluded: ByName<Markets['excluded'][number]>;
    marketTime: string;
  };
  const now = Date.parse(marketTime);
  return {
    marketTime,
    markets: Object.entries(markets).map(([market, given]) => marketRow(market, given, now)),
    warmingUp: listOf(warmingUp),
    excluded: listOf(excluded),
  };
}

function bookOf(document: JsonObject): Book {
  const { markets, ...book } = document as unknown as Omit<Book, 'markets'> & {
    markets: ByName<Book['markets'][number]>;
  };
  return { ...book, markets: listOf(markets) };
}

function riskOf(document: JsonObject): Risk {
  const { markets, capitalAllocation, ...risk } = document as unknown as Omit<Risk, 'allocation'> & {
    markets: Readonly<Record<string, { readonly allocation: number }>>;
    capitalAllocation: number;
  };
  const parts = Object.entries(markets).map(([market, { allocation }]) => [market, allocation] as const);
  return {
    ...risk,
    k: risk.k ?? null,
    allocation: { markets: Object.fromEntries(parts), capital: capitalAllocation },
  };
}

function fundingOf(document: JsonObject): Funding {
  const { markets, ...funding } = document as unknown as Omit<Funding, 'markets'> & {
    markets: ByName<Funding['markets'][number]>;
  };
  const rates = listOf<Funding['markets'][number]>(markets).map((each) => ({
    ...each,
    quoteCurrencyPerUnit: each.quoteCurrencyPerUnit ?? null,
    shareOfNotional: each.shareOfNotional ?? null,
  }));
  return { ...funding, markets: rates };
}

interface StreamedMargin {
  readonly marginRatio?: number | null;
  readonly positions: ByName<{ readonly market: string; readonly liquidationPrice?: number | null }>;
}

function accountOf(document: JsonObject): object {
  const { cross, isolated, ...account } = document as unknown as {
    cross: StreamedMargin;
    isolated: ByName<StreamedMargin & { market: string }>;
  };
  const margin = <M extends StreamedMargin>(given: M) => ({
    ...given,
    marginRatio: given.marginRatio ?? null,
    positions: listOf(given.positions).map((each) => ({
      ...each,
      liquidationPrice: each.liquidationPrice ?? null,
    })),
  });
  return { ...account, cross: margin(cross), isolated: listOf(isolated).map(margin) };
}

const STREAMED: Readonly<Record<string, (document: JsonObject) => unknown>> = {
  marks: marketsOf,
  book: bookOf,
  risk: riskOf,
  funding: fundingOf,
};
const CHANNELS = {
  'v1/markets': 'marks',
  'v1/book': 'book',
  'v1/risk': 'risk',
  'v1/funding': 'funding',
} as const;

/** The channel that streams a path's document; undefined where none does. */
export function streamOf<T>(
  path: string,
): { readonly topic: Topic; readonly answerOf: (document: JsonObject) => T } | undefined {
  const channel = CHANNELS[path as keyof typeof CHANNELS] as keyof typeof STREAMED | undefined;
  if (channel !== undefined)
    return {
      topic: { channel: channel as 'marks' },
      answerOf: STREAMED[channel] as (document: JsonObject) => T,
    };
  const account = /^v1\/accounts\/([^/]+)$/.exec(path)?.[1];
  if (account === undefined) return undefined;
  const topic = { channel: 'account', account: decodeURIComponent(account) } as const;
  return { topic, answerOf: accountOf as (document: JsonObject) => T };
}
