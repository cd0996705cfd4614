import { useSignal } from '@preact/signals';
import type { BookedTrade, Quote } from '#lib/sdk';
import { ask } from '../../engine/api.js';
import { wallNow } from '../../engine/clock.js';
import { refresh } from '../../engine/resource.js';
import { decimalsFor } from '../../format/numbers.js';
import { spanText } from '../../format/times.js';
import { href } from '../../router.js';
import { Decimal, Real, State } from '../../parts/figures.js';
import { Fact, Facts } from '../../parts/panel.js';
import { accountName } from './account-name.js';

type Stage =
  | { readonly at: 'asking' }
  | { readonly at: 'quoted'; readonly quote: Quote; readonly expires: number }
  | { readonly at: 'taking'; readonly quote: Quote }
  | { readonly at: 'booked'; readonly trade: BookedTrade }
  | { readonly at: 'refused'; readonly why: string };

/** A trade by hand: a price is asked for, looked at, and taken before it expires. */
export function Ticket({ market }: { market: string }) {
  const size = useSignal('');
  const side = useSignal<'buy' | 'sell'>('buy');
  const margin = useSignal<'cross' | 'isolated'>('cross');
  const stage = useSignal<Stage | undefined>(undefined);
  const refused = (error: unknown) => {
    stage.value = { at: 'refused', why: error instanceof Error ? error.message : String(error) };
  };
  const quote = async () => {
    stage.value = { at: 'asking' };
    try {
      const signed = side.value === 'sell' ? `-${size.value.trim()}` : size.value.trim();
      const body = { account: accountName.value, legs: [{ market, size: signed }] };
      const given = await ask<Quote>('v1/quotes', body);
      // By this clock: the engine's may be another.
      const life = Date.parse(given.expiresAt) - Date.now();
      stage.value = { at: 'quoted', quote: given, expires: Date.now() + life };
    } catch (error) {
      refused(error);
    }
  };
  const take = async (taken: Quote) => {
    stage.value = { at: 'taking', quote: taken };
    try {
      const body = { margin: margin.value, ...(taken.token === undefined ? {} : { token: taken.token }) };
      stage.value = {
        at: 'booked',
        trade: await ask<BookedTrade>(`v1/quotes/${encodeURIComponent(taken.id)}/accept`, body),
      };
      refresh('v1/book');
      refresh(`v1/accounts/${encodeURIComponent(accountName.value)}`);
    } catch (error) {
      refused(error);
    }
  };
  return (
    <div class="ticket">
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void quote();
        }}
      >
        <label>
          Account
          <input
            required
            value={accountName.value}
            onInput={({ currentTarget }) => (accountName.value = currentTarget.value.trim())}
          />
        </label>
        <label>
          Side
          <select
            value={side.value}
            onChange={({ currentTarget }) => (side.value = currentTarget.value as 'buy')}
          >
            <option value="buy">buy</option>
            <option value="sell">sell</option>
          </select>
        </label>
        <label>
          Size, base units
          <input
            required
            inputMode="decimal"
            pattern="\d+(\.\d+)?"
            placeholder="0.5"
            value={size.value}
            onInput={({ currentTarget }) => (size.value = currentTarget.value)}
          />
        </label>
        <label>
          Margin
          <select
            value={margin.value}
            onChange={({ currentTarget }) => (margin.value = currentTarget.value as 'cross')}
          >
            <option value="cross">cross</option>
            <option value="isolated">isolated</option>
          </select>
        </label>
        <button type="submit">Ask for a price</button>
      </form>
      <div role="status">
        <StageView stage={stage.value} take={(taken) => void take(taken)} again={() => void quote()} />
      </div>
    </div>
  );
}

function StageView({
  stage,
  take,
  again,
}: {
  stage: Stage | undefined;
  take: (quote: Quote) => void;
  again: () => void;
}) {
  if (stage === undefined)
    return <p class="quiet">A price holds until it expires. Nothing is booked before it is taken.</p>;
  if (stage.at === 'asking') return <p class="quiet">Asking…</p>;
  if (stage.at === 'refused')
    return (
      <p class="notice bad">
        <State tone="bad">Refused</State> {stage.why}
      </p>
    );
  if (stage.at === 'booked') {
    const { trade } = stage;
    return (
      <p class="notice good">
        <State tone="good">Booked</State>{' '}
        {trade.legs.map(({ market, size, price }) => `${size} ${market} at ${price}`).join(', ')}, premium{' '}
        <Decimal of={trade.premium.total} />. <a href={href('account', trade.account)}>The account now</a>
      </p>
    );
  }
  const { quote } = stage;
  const left = stage.at === 'quoted' ? stage.expires - wallNow.value : 0;
  const mark = quote.legs[0].mark;
  return (
    <>
      <Facts>
        <Fact name="At the mark">
          <Decimal of={mark} decimals={decimalsFor(Number(mark))} />
        </Fact>
        <Fact name="Premium" note="risk + liquidity">
          <Decimal of={quote.premium.total} signed />{' '}
          <span class="note">
            = <Decimal of={quote.premium.risk} /> + <Decimal of={quote.premium.liquidity} />
          </span>
        </Fact>
        <Fact name="ρ before → after">
          <Real of={quote.risk.before} decimals={2} /> → <Real of={quote.risk.after} decimals={2} />
        </Fact>
        {quote.legs.map(({ market }) => (
          <Fact key={market} name={`Funding of ${market} after it`} note="all positions, a year">
            <Real of={quote.fundingQuoteCurrencyPerYear[market] ?? 0} decimals={2} signed />
          </Fact>
        ))}
      </Facts>
      <div class="row">
        {left > 0 || stage.at === 'taking' ? (
          <button type="button" class="primary" disabled={stage.at === 'taking'} onClick={() => take(quote)}>
            {stage.at === 'taking' ? 'Taking…' : 'Take it'}
          </button>
        ) : (
          <button type="button" onClick={again}>
            Expired: ask again
          </button>
        )}
        {left > 0 && <span class="note">holds for {spanText(left)}</span>}
      </div>
    </>
  );
}
