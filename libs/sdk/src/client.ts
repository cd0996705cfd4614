import type { IncludedAccount, TradeReceipt } from '#lib/commitment';
import { parseJson } from '#lib/errors';
import { ApiError } from './api-error.js';
import { eventsOf } from './event-stream.js';
import type {
  Account,
  AccountEvent,
  AccountOutcome,
  BookedTrade,
  Decimal,
  Execution,
  History,
  Leg,
  Liquidation,
  LiquidationDetail,
  LiquidationStatus,
  PlanClaimed,
  PlanClosed,
  PlanOpened,
  Quote,
  Simulation,
  Status,
} from './types.js';

export interface ClientOptions {
  /** of the engine, such as http://127.0.0.1:8080 */
  readonly url: string;
  /** `zk_…`, where the engine asks for one */
  readonly apiKey?: string;
  /** longest wait for an answer, milliseconds (default 15,000) */
  readonly timeoutMs?: number;
  /** longest pause between two attempts to connect the stream, milliseconds (default 10,000) */
  readonly maximumReconnectMs?: number;
}

/** An event of the liquidation stream with the id to resume after. */
export type LiquidationEvent = (PlanOpened | PlanClaimed | PlanClosed) & { readonly eventId: string };

/** Twice the server's heartbeat: a stream that is silent for longer is dead. */
const SILENCE_MS = 30_000;

/** The engine's REST API and streams, typed. Every method throws {@link ApiError} where the engine refuses. */
export class ZkriskClient {
  private readonly url: string;

  constructor(private readonly options: ClientOptions) {
    this.url = options.url.replace(/\/$/, '');
  }

  /** Prices a trade; the quote can be accepted until it expires. */
  quote(account: string, legs: readonly Leg[]): Promise<Quote> {
    return this.post('/v1/quotes', { account, legs });
  }
  /**
   * Books a quote's trade, once, however often it is sent.
   *
   * @param token the quote's own; needed where the exchange has several pricers
   */
  acceptQuote(id: string, margin: 'cross' | 'isolated' = 'cross', token?: string): Promise<BookedTrade> {
    return this.post(`/v1/quotes/${encodeURIComponent(id)}/accept`, { margin, token });
  }

  account(id: string): Promise<Account> {
    return this.get(accountPath(id));
  }
  /**
   * Where an account stands in the book that an epoch is proven of: to be kept, and checked with `checkIncludedAccount` against the root that a
   * chain has.
   *
   * @param epoch end of its bar, ISO 8601; by default the newest book
   */
  inclusion(id: string, epoch?: string): Promise<IncludedAccount> {
    const query = epoch === undefined ? '' : `?epoch=${encodeURIComponent(epoch)}`;
    return this.get(`${accountPath(id)}/inclusion${query}`);
  }
  /**
   * The receipt of a trade: its entry in the journal of its epoch, from the end of its bar on. To be kept, and checked with
   * `checkTradeReceipt` against the root that a chain has.
   */
  receipt(tradeId: string): Promise<TradeReceipt> {
    return this.get(`/v1/trades/${encodeURIComponent(tradeId)}/receipt`);
  }
  deposit(id: string, amount: Decimal, commandId?: string): Promise<AccountEvent> {
    return this.post(`${accountPath(id)}/deposits`, { amount, commandId });
  }
  /** @param amount or `available`: all that the initial margin leaves free */
  withdraw(id: string, amount: Decimal, commandId?: string): Promise<AccountEvent> {
    return this.post(`${accountPath(id)}/withdrawals`, { amount, commandId });
  }
  /** Collateral from cross margin to an isolated position; back, where the amount is negative. */
  transfer(id: string, market: string, amount: Decimal, commandId?: string): Promise<AccountEvent> {
    return this.post(`${accountPath(id)}/transfers`, { market, amount, commandId });
  }
  /**
   * Lets liquidators, whoever reports, pass positions to an account; replaces its earlier acceptance. An account that takes plans over at
   * its own prices accepts them first.
   *
   * @param notional of positions from now on; 0: none
   * @param discount by which the prices together must be better than the marks, a share of the notional
   */
  acceptTakeovers(id: string, notional: Decimal, discount = 0, commandId?: string): Promise<AccountOutcome> {
    return this.post(`${accountPath(id)}/takeovers`, { notional, discount, commandId });
  }
  /** An account as it would be after a trade, a deposit or at other marks; books nothing. */
  simulate(
    id: string,
    what: {
      legs?: readonly Leg[];
      deposit?: Decimal;
      marks?: Readonly<Record<string, Decimal>>;
    },
  ): Promise<Simulation> {
    return this.post(`${accountPath(id)}/simulate`, what);
  }

  /** Newest first; `before` is the ordinal of the last one seen. */
  async liquidations(
    filter: { status?: LiquidationStatus; account?: string; before?: number; limit?: number } = {},
  ): Promise<readonly Liquidation[]> {
    const query = new URLSearchParams(
      Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const { liquidations } = await this.get<{ liquidations: Liquidation[] }>(
      `/v1/liquidations?${query.toString()}`,
    );
    return liquidations;
  }
  liquidation(planId: string): Promise<LiquidationDetail> {
    return this.get(`/v1/liquidations/${encodeURIComponent(planId)}`);
  }
  /** Offers to execute a plan, or reports its fills; the stream says who has won and when they are booked. */
  reportExecution(planId: string, execution: Execution): Promise<{ reportId: string }> {
    return this.post(`/v1/liquidations/${encodeURIComponent(planId)}/executions`, execution);
  }

  /**
   * History: a row a step and market. Times are milliseconds since the epoch, or ISO 8601.
   *
   * @param series `marks`, `funding`, `risk`, `premia`, `flows`, `shares`, `liquidations`, `accounts/ID` or `accounts/ID/charges`
   */
  history(
    series: string,
    range: { from: number | string; to: number | string; step?: number | string; market?: string },
  ): Promise<History> {
    const query = new URLSearchParams(
      Object.entries(range).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const path = series.split('/').map(encodeURIComponent).join('/');
    return this.get(`/v1/history/${path}?${query.toString()}`);
  }

  /** How the exchange is; needs no key. */
  status(): Promise<Status> {
    return this.get('/v1/status');
  }

  /**
   * Plans as they are opened and closed, for as long as the signal allows. Connects again whenever the stream ends, and
   * goes on after the last event seen: none is missed, none comes twice.
   *
   * @param after event id to go on after; 0: from the beginning; default: from now on
   */
  async *liquidationEvents(
    options: { after?: string; signal?: AbortSignal; onDisconnect?: (error: Error) => void } = {},
  ): AsyncGenerator<LiquidationEvent> {
    const { signal, onDisconnect } = options;
    let { after } = options;
    const longest = this.options.maximumReconnectMs ?? 10_000;
    for (let pause = 100; !signal?.aborted; pause = Math.min(2 * pause, longest)) {
      const silence = new AbortController();
      let timer = setTimeout(() => {
        silence.abort();
      }, SILENCE_MS);
      try {
        const response = await fetch(`${this.url}/v1/liquidations/stream`, {
          headers: {
            ...this.authorization(),
            accept: 'text/event-stream',
            ...(after === undefined ? {} : { 'last-event-id': after }),
          },
          signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
        });
        if (!response.ok) throw await problem(response);
        for await (const { id, type, data } of eventsOf(response.body!)) {
          clearTimeout(timer);
          timer = setTimeout(() => {
            silence.abort();
          }, SILENCE_MS);
          pause = 100;
          if (id === undefined || (type !== 'opened' && type !== 'closed')) continue;
          after = id;
          yield { ...(parseJson(data, 'event') as PlanOpened | PlanClaimed | PlanClosed), eventId: id };
        }
      } catch (error) {
        if (signal?.aborted) return;
        onDisconnect?.(error as Error);
      } finally {
        clearTimeout(timer);
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  private authorization(): Record<string, string> {
    const { apiKey } = this.options;
    return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  }

  private get<T>(path: string): Promise<T> {
    return this.send<T>(path, {});
  }

  private post<T>(path: string, body: object): Promise<T> {
    return this.send<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  private async send<T>(path: string, init: RequestInit): Promise<T> {
    const response = await fetch(`${this.url}${path}`, {
      ...init,
      headers: { ...(init.headers as Record<string, string> | undefined), ...this.authorization() },
      signal: AbortSignal.timeout(this.options.timeoutMs ?? 15_000),
    });
    if (!response.ok) throw await problem(response);
    return parseJson(await response.text(), 'answer') as T;
  }
}

function accountPath(id: string): string {
  return `/v1/accounts/${encodeURIComponent(id)}`;
}

async function problem(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { code, detail } = JSON.parse(text) as { code: string; detail: string };
    return new ApiError(code, response.status, detail);
  } catch {
    return new ApiError('http-error', response.status, text.slice(0, 200));
  }
}
