import { useSignal } from '@preact/signals';
import type {
  Book,
  Forecast,
  Funding,
  MarketRow,
  Markets as MarketsAnswer,
  Risk,
} from '../engine/answers.js';
import { useAnswer } from '../engine/resource.js';
import { href, place } from '../router.js';
import { marketTone } from '../shell/exchange-state.js';
import { decimalsFor } from '../format/numbers.js';
import { Age, Decimal, Percent, Real, State } from '../parts/figures.js';
import { Known, Panel } from '../parts/panel.js';
import { type Column, Table } from '../parts/table.js';
import { MarketDetail } from './markets/market-detail.js';

/** A market with everything that is known of it. */
interface Row extends MarketRow {
  readonly volatility: number | undefined;
  readonly book: Book['markets'][number] | undefined;
  readonly share: number | undefined;
  readonly funding: Funding['markets'][number] | undefined;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    name: 'Market',
    cell: ({ market }) => <a href={href('markets', market)}>{market}</a>,
    sort: ({ market }) => market,
  },
  {
    ...{ name: 'Mark', numeric: true, sort: ({ mark }) => Number(mark) },
    cell: ({ mark }) => <Decimal of={mark} decimals={decimalsFor(Number(mark))} />,
  },
  {
    ...{ name: 'Age', numeric: true, sort: ({ markAge }) => markAge },
    cell: ({ markTime, staleAfter }) => <Age of={markTime} limitMs={staleAfter} />,
  },
  {
    name: 'State',
    cell: ({ status, held, permits }) => (
      <State
        tone={marketTone(status)}
        title={held === null ? `Permits: ${permits.join(', ')}` : `A price of ${held} waits to be confirmed`}
      >
        {status}
        {held !== null && ', a price held'}
      </State>
    ),
    sort: ({ status }) => status,
  },
  {
    ...{
      name: 'Sources',
      numeric: true,
      title: 'Fresh sources of those known, and the half-width of their prices in basis points',
    },
    cell: ({ sources: { fresh, known }, confidence, mark }) => (
      <>
        {fresh}/{known}{' '}
        <span class="note">
          <Real of={(confidence / Number(mark)) * 10_000} decimals={1} /> bp
        </span>
      </>
    ),
    sort: ({ confidence, mark }) => confidence / Number(mark),
  },
  {
    ...{ name: 'σ(τ)', numeric: true, title: 'Volatility of the log return over the horizon, as forecast' },
    cell: ({ volatility }) => (volatility === undefined ? '–' : <Percent of={volatility} />),
    sort: ({ volatility }) => volatility ?? -1,
  },
  {
    ...{
      name: 'Long',
      numeric: true,
      title: 'Open interest of those who are long, quote currency at the mark',
    },
    cell: ({ book, mark }) =>
      book === undefined ? '–' : <Real of={Number(book.longSize) * Number(mark)} decimals={0} />,
    sort: ({ book, mark }) => Number(book?.longSize ?? 0) * Number(mark),
  },
  {
    ...{
      name: 'Short',
      numeric: true,
      title: 'Open interest of those who are short, quote currency at the mark',
    },
    cell: ({ book, mark }) =>
      book === undefined ? '–' : <Real of={Number(book.shortSize) * Number(mark)} decimals={0} />,
    sort: ({ book, mark }) => Number(book?.shortSize ?? 0) * Number(mark),
  },
  {
    ...{
      name: 'Net',
      numeric: true,
      title: 'What all traders together hold, base units; the pool holds the opposite',
    },
    cell: ({ book }) =>
      book === undefined ? (
        '–'
      ) : (
        <Decimal of={book.signedSize} decimals={decimalsFor(Math.abs(Number(book.signedSize)), 5)} signed />
      ),
    sort: ({ book, mark }) => Number(book?.signedSize ?? 0) * Number(mark),
  },
  {
    ...{ name: 'Euler share', numeric: true, title: 'Part of the pool’s EVaR that this market makes' },
    cell: ({ share }) => (share === undefined ? '–' : <Percent of={share} decimals={1} />),
    sort: ({ share }) => share ?? -Infinity,
  },
  {
    ...{ name: 'Funding / h', numeric: true, title: 'What a long pays in an hour, as a share of notional' },
    cell: ({ funding }) =>
      funding?.shareOfNotional == null ? '–' : <Percent of={funding.shareOfNotional.perHour} decimals={4} />,
    sort: ({ funding }) => funding?.shareOfNotional?.perHour ?? 0,
  },
  {
    ...{ name: '/ year', numeric: true, title: 'The same rate for a year' },
    cell: ({ funding }) =>
      funding?.shareOfNotional == null ? '–' : <Percent of={funding.shareOfNotional.perYear} decimals={1} />,
    sort: ({ funding }) => funding?.shareOfNotional?.perYear ?? 0,
  },
];

export function Markets() {
  const markets = useAnswer<MarketsAnswer>('v1/markets', 1000);
  const { data: forecast } = useAnswer<Forecast>('v1/forecasts/latest?include=factors', 5000).value;
  const { data: book } = useAnswer<Book>('v1/book', 2000).value;
  const { data: risk } = useAnswer<Risk>('v1/risk', 2000).value;
  const { data: funding } = useAnswer<Funding>('v1/funding', 2000).value;
  const filter = useSignal('');
  const chosen = place.value.item;
  const volatility = new Map(forecast?.markets.map((market, i) => [market, forecast.volatility[i]]));
  const books = new Map(book?.markets.map((each) => [each.market, each]));
  const rates = new Map(funding?.markets.map((each) => [each.market, each]));
  const allocated = risk && Object.values(risk.allocation.markets).reduce((sum, each) => sum + each, 0);
  const rowOf = (row: MarketRow): Row => {
    const part = risk?.allocation.markets[row.market];
    return {
      ...row,
      volatility: volatility.get(row.market),
      book: books.get(row.market),
      share: part === undefined || allocated === undefined || allocated === 0 ? undefined : part / allocated,
      funding: rates.get(row.market),
    };
  };
  const asked = filter.value.trim().toLowerCase();
  return (
    <div class="grid">
      <Panel
        title="All markets"
        aside={
          <>
            <label class="inline">
              <span class="unseen">Filter by name or state</span>
              <input
                type="search"
                placeholder="name or state"
                value={filter.value}
                onInput={({ currentTarget }) => (filter.value = currentTarget.value)}
              />
            </label>
            {risk !== undefined && (
              <span>
                risk <Age of={risk.at} />
              </span>
            )}
            {forecast !== undefined && (
              <span>
                forecast <Age of={forecast.barEnd} />
              </span>
            )}
          </>
        }
      >
        <Known answer={markets}>
          {({ markets: rows }) => (
            <Table
              {...{ label: 'Markets', columns: COLUMNS, selected: chosen, height: 520 }}
              rows={rows
                .filter(
                  ({ market, status }) => market.toLowerCase().includes(asked) || status.includes(asked),
                )
                .map(rowOf)}
              keyOf={({ market }) => market}
              empty={asked === '' ? 'No price has come yet.' : 'No market fits.'}
            />
          )}
        </Known>
      </Panel>
      {chosen !== undefined && <MarketDetail key={chosen} market={chosen} />}
    </div>
  );
}
