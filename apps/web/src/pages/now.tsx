import type {
  Book,
  Forecast,
  Funding,
  Markets,
  Proofs,
  Risk,
  Settlements,
  Stress,
} from '../engine/answers.js';
import { useAnswer } from '../engine/resource.js';
import { DAY_MS, HOUR_MS, sumOf, useHistory } from '../engine/history.js';
import { hrefOfProofs } from '../router.js';
import { spanText } from '../format/times.js';
import { percentText } from '../format/numbers.js';
import { Age, Decimal, Real } from '../parts/figures.js';
import { Gauge } from '../parts/gauge.js';
import { Fact, Facts, Known, Panel } from '../parts/panel.js';
import { OpenPlans } from './liquidations/open-plans.js';
import { RiskPast } from './risk/risk-past.js';
import { WarmingUp } from './now/warming-up.js';
import { marketNow } from '../engine/clock.js';
import { Tape } from '../parts/tape.js';

const DAYS_A_YEAR = 365.25;

export function Now() {
  return (
    <div class="grid">
      <RiskNow />
      <Inputs />
      <Flow />
      <Panel title="Open liquidation plans" wide={6}>
        <OpenPlans />
      </Panel>
      <Tape />
    </div>
  );
}

function RiskNow() {
  const risk = useAnswer<Risk>('v1/risk', 2000);
  const book = useAnswer<Book>('v1/book', 2000);
  const distance = useAnswer<Stress>('v1/stress', 5000).value.data?.distance.insolvency.atLeast;
  const { data } = risk.value;
  return (
    <Panel title="Risk" wide={8} aside={data && <Age of={data.at} />}>
      <Known answer={risk} absent={() => <WarmingUp />}>
        {(now) => {
          const pool = Number(book.value.data?.capital ?? 0) + Number(book.value.data?.liquidity ?? 0);
          return (
            <div class="risk-now">
              <div class="hero">
                <span class="hero-name">ρ, the risk measure</span>
                <span class="hero-figure">
                  <Real of={now.riskMeasure} decimals={Math.abs(now.riskMeasure) < 100 ? 2 : 0} />
                </span>
                <span class="note">
                  {now.riskMeasure <= 0
                    ? 'Premia cover the EVaR of the shortfall.'
                    : 'The EVaR of the shortfall is above what premia cover.'}{' '}
                  <a href={hrefOfProofs(now.proofs)}>Its proofs</a>
                </span>
              </div>
              <div>
                <div class="gauge-line">
                  <span>EVaR at {percentText(1 - now.alpha, 0)} against P + L</span>
                  <span>
                    <Real of={now.entropicValueAtRisk} decimals={2} /> of <Real of={pool} decimals={0} />
                  </span>
                </div>
                <Gauge
                  label="EVaR against P + L"
                  part={now.entropicValueAtRisk}
                  whole={pool}
                  tone={now.entropicValueAtRisk > pool / 4 ? 'bad' : 'plain'}
                />
                <div class="gauge-line">
                  <span title="Standard deviation of the pool’s result over the horizon, against what it can lose">
                    One σ of the horizon against the buffer
                  </span>
                  <span>
                    <Real of={now.volatility} decimals={0} /> of <Real of={-now.mean} decimals={0} />
                  </span>
                </div>
                <Gauge
                  label="One standard deviation against the buffer"
                  part={now.volatility}
                  whole={-now.mean}
                />
                <Facts>
                  <Fact
                    name="Distance to insolvency"
                    note="no joint move that is nearer uses up P and L, bad debt included: certified"
                  >
                    {distance === undefined ? '–' : <Real of={distance} significant={4} unit="σ" />}
                  </Fact>
                  {book.value.data && (
                    <>
                      <Fact name="P, the exchange’s capital">
                        <Decimal of={book.value.data.capital} />
                      </Fact>
                      <Fact name="L, liquidity">
                        <Decimal of={book.value.data.liquidity} />
                      </Fact>
                      {Number(book.value.data.shortfall) !== 0 && (
                        <Fact name="Shortfall">
                          <Decimal of={book.value.data.shortfall} />
                        </Fact>
                      )}
                    </>
                  )}
                </Facts>
              </div>
              <div class="span-all">
                <RiskPast spanMs={2 * DAY_MS} height={150} />
              </div>
            </div>
          );
        }}
      </Known>
    </Panel>
  );
}

function Inputs() {
  const markets = useAnswer<Markets>('v1/markets', 1000);
  const forecast = useAnswer<Forecast>('v1/forecasts/latest?include=factors', 5000);
  const proofs = useAnswer<Proofs>('v1/proofs?limit=1', 10_000);
  const settlements = useAnswer<Settlements>('v1/settlements?limit=20', 10_000);
  return (
    <Panel title="What it goes by" wide={4}>
      <Facts>
        <Fact name="Marks">
          <Known answer={markets}>
            {({ markets: rows }) => {
              const worst = [...rows].sort((a, b) => b.markAge / b.staleAfter - a.markAge / a.staleAfter)[0];
              if (worst === undefined) return 'none yet';
              return (
                <>
                  oldest of {rows.length}: <Age of={worst.markTime} limitMs={worst.staleAfter} />{' '}
                  <span class="note">
                    {worst.market}, stale after {spanText(worst.staleAfter)}
                  </span>
                </>
              );
            }}
          </Known>
        </Fact>
        <Fact name="Forecast">
          <Known answer={forecast} absent={() => 'none yet'}>
            {({ barEnd, model, modelVersion, proofs: link }) => (
              <>
                <Age of={barEnd} />{' '}
                <span class="note">
                  {model} {modelVersion} · <a href={hrefOfProofs(link)}>proofs</a>
                </span>
              </>
            )}
          </Known>
        </Fact>
        <Fact name="Proofs">
          <Known answer={proofs} absent={() => 'this engine makes none'}>
            {({ queue, proofs: [last] }) => (
              <>
                {queue.proven} made, {queue.queued + queue.running} waiting
                {queue.failed > 0 && <>, {queue.failed} failed</>}
                {last?.finishedAt != null && (
                  <>
                    , last <Age of={last.finishedAt} clock="wall" />
                  </>
                )}
              </>
            )}
          </Known>
        </Fact>
        <Fact name="Chain">
          <Known answer={settlements} absent={() => 'this engine settles on none'}>
            {({ chain, epochs }) => {
              const settled = epochs.find(({ status }) => status === 'settled' || status === 'confirmed');
              return (
                <>
                  chain {chain.id}
                  {settled === undefined ? (
                    ', no epoch settled yet'
                  ) : (
                    <>
                      , bar <Age of={settled.barEnd} />
                    </>
                  )}
                  {chain.srs === 'development' && (
                    <span class="note"> development SRS: these proofs convince nobody</span>
                  )}
                </>
              );
            }}
          </Known>
        </Fact>
      </Facts>
    </Panel>
  );
}

function Flow() {
  const book = useAnswer<Book>('v1/book', 2000);
  const funding = useAnswer<Funding>('v1/funding', 2000);
  // By the minute: the day ends now, not with the hour.
  const from = (marketNow.value ?? 0) - DAY_MS;
  const premia = useHistory('premia', DAY_MS + HOUR_MS, { step: '1m' })?.filter(({ at }) => at >= from);
  const charged = useHistory('funding', DAY_MS + HOUR_MS)?.filter(({ at }) => at >= from);
  return (
    <Panel
      title="Premia and funding"
      wide={6}
      aside={funding.value.data && <Age of={funding.value.data.marketTime} />}
    >
      <Facts>
        <Known answer={book}>
          {(now) => (
            <>
              <Fact name="Premia pending to capital" note="of the last horizon, not vested yet">
                <Decimal of={now.pendingToCapital} signed />
              </Fact>
              <Fact name="Premia pending to liquidity">
                <Decimal of={now.pendingToLiquidity} signed />
              </Fact>
            </>
          )}
        </Known>
        {premia !== undefined && (
          <>
            <Fact
              name="Premia of the last day"
              note={`${sumOf(premia, 'trades')} trades; capital · liquidity`}
            >
              <Real of={sumOf(premia, 'risk')} decimals={2} signed /> ·{' '}
              <Real of={sumOf(premia, 'liquidity')} decimals={2} signed />
            </Fact>
            <Fact name="Funding of the last day" note="by the hour; capital · liquidity">
              <Real of={sumOf(charged, 'risk')} decimals={2} signed /> ·{' '}
              <Real of={sumOf(charged, 'liquidity')} decimals={2} signed />
            </Fact>
          </>
        )}
        <Known answer={funding} absent={() => <Fact name="Funding">no rates before the first forecast</Fact>}>
          {({ quoteCurrencyPerYear: rate, collected }) => (
            <>
              <Fact name="Funding to capital, a day at this rate">
                <Real of={rate.risk / DAYS_A_YEAR} decimals={2} signed />
              </Fact>
              <Fact name="Funding to liquidity, a day at this rate">
                <Real of={rate.liquidity / DAYS_A_YEAR} decimals={2} signed />
              </Fact>
              <Fact name="Funding collected so far" note="capital · liquidity">
                <Decimal of={collected.risk} signed /> · <Decimal of={collected.liquidity} signed />
              </Fact>
            </>
          )}
        </Known>
      </Facts>
    </Panel>
  );
}
