import type { Book, Risk } from '../engine/answers.js';
import { useAnswer } from '../engine/resource.js';
import { significantText } from '../format/numbers.js';
import { timeText } from '../format/times.js';
import { MONTH_MS, useHistory } from '../engine/history.js';
import { sharesSeen } from '../engine/seen.js';
import { Chart } from '../parts/chart.js';
import { Age, Decimal, Percent, Real, State } from '../parts/figures.js';
import { Fact, Facts, Known, Panel } from '../parts/panel.js';
import { type Column, Table } from '../parts/table.js';
import { hrefOfProofs } from '../router.js';
import { ByCause } from './liquidity/by-cause.js';
import { Provider } from './liquidity/provider.js';

interface Token {
  readonly market: string;
  readonly balance: string;
  readonly weight: string;
  readonly price: number | null;
  readonly stale: boolean;
}
interface Vault {
  readonly reading: {
    readonly readAt: string;
    readonly block: number;
    readonly counted: string;
    readonly held: string;
    readonly poolSupply: string;
    readonly settled: string;
    readonly tokens: readonly Token[];
  } | null;
  readonly valuation: {
    readonly provider: string;
    readonly unitValue: string;
    readonly haircut: number;
    readonly vault: string;
    readonly at: string;
    readonly volatility: number;
  } | null;
}

export function Liquidity() {
  const risk = useAnswer<Risk>('v1/risk', 2000);
  const book = useAnswer<Book>('v1/book', 2000);
  return (
    <div class="grid">
      <Panel
        title="Shares"
        wide={6}
        aside={
          risk.value.data && (
            <>
              <Age of={risk.value.data.at} /> <a href={hrefOfProofs(risk.value.data.proofs)}>proofs</a>
            </>
          )
        }
      >
        <Known answer={book}>
          {(now) => {
            const value = risk.value.data?.liquidityValue;
            const shares = Number(now.liquidityShares);
            return (
              <Facts>
                <Fact name="Shares outstanding">
                  <Decimal of={now.liquidityShares} />
                </Fact>
                <Fact name="Worth of all shares" note="L, what is pending, less what is short at a loss">
                  {value === undefined ? '–' : <Decimal of={value} />}
                </Fact>
                <Fact name="A share is worth">
                  {value === undefined || shares === 0 ? (
                    '–'
                  ) : (
                    <Real of={Number(value) / shares} decimals={6} />
                  )}
                </Fact>
                <Fact name="L" note="liquidity in the book">
                  <Decimal of={now.liquidity} />
                </Fact>
                <Fact name="Premia on their way to it">
                  <Decimal of={now.pendingToLiquidity} signed />
                </Fact>
                <Fact name="Owed to it by the exchange">
                  <Decimal of={now.owedToLiquidity} />
                </Fact>
                <Leaving of={now.liquidityLeaving} />
              </Facts>
            );
          }}
        </Known>
        <SharePrice />
      </Panel>
      <Panel
        title="Who bears losses, in order"
        wide={6}
        aside={book.value.data && <Age of={book.value.data.marketTime} />}
      >
        <Known answer={book}>{(now) => <Waterfall book={now} />}</Known>
        <h3>The providers’ position: a call spread on the pool’s loss</h3>
        <Known answer={risk}>
          {({ callSpread }) => (
            <Facts>
              <Fact name="Price">
                <Real of={callSpread.price} decimals={2} />
              </Fact>
              <Fact name="Delta" note="for one of loss more">
                <Real of={callSpread.delta} significant={4} />
              </Fact>
              <Fact name="Gamma">
                <Real of={callSpread.gamma} significant={4} />
              </Fact>
              <Fact name="Vega" note="for one of σ more, money">
                <Real of={callSpread.vega} significant={4} />
              </Fact>
            </Facts>
          )}
        </Known>
      </Panel>
      <ByCause />
      <VaultView />
      <Provider />
    </div>
  );
}

/** Withdrawals that are on their way: asked for and waiting for marks, or locked until the horizon has passed. */
function Leaving({ of: { waiting, locked, lockedShares, nextReleaseAt } }: { of: Book['liquidityLeaving'] }) {
  return (
    <Fact
      name="Shares locked for withdrawal"
      note={
        <>
          {locked} withdrawals, {waiting} wait for marks
          {nextReleaseAt != null && <>, the next is paid at {timeText(Date.parse(nextReleaseAt))}</>}
        </>
      }
    >
      <Decimal of={lockedShares} />
    </Fact>
  );
}

function SharePrice() {
  const past = useHistory('shares', MONTH_MS)?.map(({ at, outstanding, worth }) => ({
    at,
    price: Number(worth) / Number(outstanding),
  }));
  const last = past?.at(-1)?.at ?? -Infinity;
  const points = [...(past ?? []), ...sharesSeen.value.filter(({ at }) => at > last)].filter(({ price }) =>
    Number.isFinite(price),
  );
  if (points.length < 2) return null;
  return (
    <>
      <p class="caption">
        Price of a share{past === undefined ? ' since this page was opened' : ', thirty days'}
      </p>
      <Chart
        label="Price of a share over time"
        summary={`Last ${significantText(points.at(-1)!.price, 8)}.`}
        {...{ xs: points.map(({ at }) => at / 1000), time: true, height: 130 }}
        lines={[{ name: 'share', values: points.map(({ price }) => price) }]}
        y={(value) => significantText(value, 7)}
      />
    </>
  );
}

/** Pending premia, then capital, then liquidity: drawn to scale. */
function Waterfall({ book }: { book: Book }) {
  const layers = [
    { name: 'Premia pending', amount: book.pendingToCapital },
    { name: 'P, the exchange’s capital', amount: book.capital },
    { name: 'L, the providers’ liquidity', amount: book.liquidity },
  ];
  const total = layers.reduce((sum, { amount }) => sum + Math.max(0, Number(amount)), 0);
  return (
    <>
      <div class="waterfall" aria-hidden="true">
        {layers.map(({ name, amount }, i) => (
          <div
            key={name}
            class={`layer layer-${i + 1}`}
            style={{ flexGrow: String(Math.max(0.004, total === 0 ? 1 : Number(amount) / total)) }}
          />
        ))}
      </div>
      <Facts>
        {layers.map(({ name, amount }, i) => (
          <Fact key={name} name={`${i + 1}. ${name}`}>
            <span class={`swatch layer-${i + 1}`} aria-hidden="true" /> <Decimal of={amount} />
          </Fact>
        ))}
        <Fact name="After that the exchange is insolvent">
          {book.solvency.state === 'insolvent' ? (
            <State tone="bad">
              insolvent: needs <Decimal of={book.solvency.need} />, pays{' '}
              <Percent of={book.solvency.payable} />
            </State>
          ) : (
            <State tone="good">solvent</State>
          )}
        </Fact>
      </Facts>
    </>
  );
}

const TOKENS: readonly Column<Token>[] = [
  { name: 'Token', cell: ({ market }) => market },
  { name: 'Balance', numeric: true, cell: ({ balance }) => <Decimal of={balance} decimals={4} /> },
  { name: 'Weight', numeric: true, cell: ({ weight }) => <Percent of={Number(weight)} decimals={1} /> },
  {
    ...{ name: 'Price', numeric: true },
    cell: ({ price, stale }) => (
      <>
        {price === null ? '–' : <Real of={price} significant={6} />}{' '}
        {stale && <State tone="warn">stale</State>}
      </>
    ),
  },
];

function VaultView() {
  const vault = useAnswer<Vault>('v1/vault', 5000);
  return (
    <Panel
      title="Vault on the chain"
      wide={6}
      aside={vault.value.data?.reading && <Age of={vault.value.data.reading.readAt} clock="wall" />}
    >
      <Known answer={vault} absent={() => <p class="quiet">This engine follows no vault.</p>}>
        {({ reading, valuation }) => (
          <>
            {reading === null ? (
              <p class="quiet">The vault has not been read yet.</p>
            ) : (
              <Facts>
                <Fact
                  name="Pool shares counted"
                  note={`of ${significantText(Number(reading.poolSupply), 6)}, block ${reading.block}`}
                >
                  <Decimal of={reading.counted} decimals={6} />
                </Fact>
                {valuation !== null && (
                  <>
                    <Fact name="A pool share counts as">
                      <Decimal of={valuation.unitValue} decimals={4} />
                    </Fact>
                    <Fact
                      name="Haircut"
                      note={`at a volatility of ${significantText(valuation.volatility * 100, 3)} % over the horizon`}
                    >
                      <Percent of={valuation.haircut} />
                    </Fact>
                    <Fact name="Counts in L as">
                      <Real of={Number(reading.counted) * Number(valuation.unitValue)} decimals={2} />
                    </Fact>
                    <Fact name="Valued">
                      <Age of={valuation.at} />
                    </Fact>
                  </>
                )}
              </Facts>
            )}
            {reading !== null && (
              <Table
                {...{ label: 'Tokens of the pool', columns: TOKENS, rows: reading.tokens, height: 240 }}
                keyOf={({ market }) => market}
              />
            )}
          </>
        )}
      </Known>
    </Panel>
  );
}
