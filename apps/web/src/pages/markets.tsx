import { useSignal } from '@preact/signals';
import type {
  Book,
  Forecast,
  Funding,
  MarketRow,
  Markets as MarketsAnswer,
  Risk,
  Settlements,
} from '../engine/answers.js';
import { useAnswer } from '../engine/resource.js';
import { MONTH_MS, useHistory } from '../engine/history.js';
import { marginOf } from '../engine/margin.js';
import { chosenNode, oracleReading, readOracle } from '../check/oracle-reading.js';
import { href, hrefOfProofs, place } from '../router.js';
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
  /** funding that a long of one unit has paid in thirty days, as a share of the mark; undefined where no history is kept */
  readonly funding30: number | undefined;
  /** margin requirement by the forecast, a share of notional */
  readonly margin: number | undefined;
  /** the oracle's requirement by the reader's node; undefined until it was read */
  readonly onChain: { readonly share: number | null; readonly fresh: boolean } | undefined;
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
        {held !== null && ', held'}
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

const PAST_COLUMNS: readonly Column<Row>[] = [
  {
    ...{ name: '30 days', numeric: true, sort: ({ funding30 }: Row) => funding30 ?? 0 },
    title: 'Funding that a long of one unit has paid in thirty days, as a share of the mark',
    cell: ({ funding30 }) => (funding30 === undefined ? '–' : <Percent of={funding30} decimals={3} />),
  },
  {
    ...{ name: 'Margin', numeric: true, sort: ({ margin }: Row) => margin ?? -1 },
    title: 'κ √(−2 ln α) σ(τ): margin of one market alone by the engine’s forecast, a share of notional',
    cell: ({ margin }) => (margin === undefined ? '–' : <Percent of={margin} />),
  },
];

/** Once the reader's node was read. */
const CHAIN_COLUMN: Column<Row> = {
  ...{ name: 'on chain', numeric: true, sort: ({ onChain }) => onChain?.share ?? -1 },
  title: 'The oracle’s requirement, as your node has it',
  cell: ({ onChain }) =>
    onChain?.share == null ? (
      <span class="note">none yet</span>
    ) : (
      <>
        <Percent of={onChain.share} /> {!onChain.fresh && <State tone="warn">old</State>}
      </>
    ),
};

export function Markets() {
  const markets = useAnswer<MarketsAnswer>('v1/markets', 1000);
  const { data: forecast } = useAnswer<Forecast>('v1/forecasts/latest?include=factors', 5000).value;
  const { data: book } = useAnswer<Book>('v1/book', 2000).value;
  const { data: risk } = useAnswer<Risk>('v1/risk', 2000).value;
  const { data: funding } = useAnswer<Funding>('v1/funding', 2000).value;
  const settlements = useAnswer<Settlements>('v1/settlements?limit=50', 10_000).value.data;
  const past = useHistory('funding', MONTH_MS, { step: '1d' });
  const paid = new Map<string, number>();
  for (const { market, perUnit } of past ?? [])
    paid.set(market as string, (paid.get(market as string) ?? 0) + Number(perUnit));
  const reading = oracleReading.value;
  const onChain =
    reading?.state === 'read'
      ? new Map(reading.registry?.margins.map((each) => [each.market, each]))
      : undefined;
  const columns = [...COLUMNS, ...PAST_COLUMNS, ...(onChain === undefined ? [] : [CHAIN_COLUMN])];
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
      funding30: past === undefined ? undefined : (paid.get(row.market) ?? 0) / Number(row.mark),
      margin: marginOf(risk, volatility.get(row.market)),
      onChain: onChain === undefined ? undefined : (onChain.get(row.market) ?? { share: null, fresh: true }),
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
                risk <Age of={risk.at} /> <a href={hrefOfProofs(risk.proofs)}>proofs</a>
              </span>
            )}
            {forecast !== undefined && (
              <span>
                forecast <Age of={forecast.barEnd} /> <a href={hrefOfProofs(forecast.proofs)}>proofs</a>
              </span>
            )}
            {settlements !== undefined && <ReadMargins settlements={settlements} />}
          </>
        }
      >
        <Known answer={markets}>
          {({ markets: rows }) => (
            <Table
              {...{
                label: 'Markets',
                columns,
                selected: chosen,
                height: 520,
              }}
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

/** Reads the margins from the reader's node, with one press where the engine names a node of its own. */
function ReadMargins({ settlements }: { settlements: Settlements }) {
  const node = chosenNode.value ?? settlements.chain.rpcUrl;
  const reading = oracleReading.value;
  if (node === null) return <a href={href('proofs')}>choose a node to read margins on the chain</a>;
  return (
    <>
      <button
        type="button"
        class="ghost"
        disabled={reading?.state === 'reading'}
        onClick={() => void readOracle(settlements, node)}
      >
        Read margins on the chain
      </button>
      {reading?.state === 'read' && (
        <span>
          chain <Age of={reading.at} clock="wall" />
        </span>
      )}
      {reading?.state === 'failed' && <State tone="bad">{reading.broken}</State>}
    </>
  );
}
