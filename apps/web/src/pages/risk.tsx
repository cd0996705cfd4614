import type { Book, Forecast, Markets, Risk as RiskAnswer } from '../engine/answers.js';
import { MONTH_MS } from '../engine/history.js';
import { useAnswer } from '../engine/resource.js';
import { significantText } from '../format/numbers.js';
import { Age, Percent, Real, State } from '../parts/figures.js';
import { Waterfall } from '../parts/waterfall.js';
import { Fact, Facts, Known, Panel } from '../parts/panel.js';
import { hrefOfProofs } from '../router.js';
import { groupsOf } from './risk/groups.js';
import { HeatMap } from './risk/heat-map.js';
import { RiskPast } from './risk/risk-past.js';
import { StressGrid } from './risk/stress-grid.js';
import { StressReport } from './risk/stress-report.js';

export function Risk() {
  const risk = useAnswer<RiskAnswer>('v1/risk', 2000);
  const forecast = useAnswer<Forecast>('v1/forecasts/latest', 5000);
  const markets = useAnswer<Markets>('v1/markets', 2000).value.data;
  const book = useAnswer<Book>('v1/book', 2000).value.data;
  const age = risk.value.data && (
    <>
      <Age of={risk.value.data.at} /> <a href={hrefOfProofs(risk.value.data.proofs)}>proofs</a>
    </>
  );
  return (
    <div class="grid">
      <Panel title="What the EVaR is made of, by market" wide={6} aside={age}>
        <Known answer={risk}>
          {({ allocation, entropicValueAtRisk }) => (
            <>
              <Waterfall
                label="Euler allocation by market"
                parts={Object.entries(allocation.markets).map(([name, value]) => ({ name, value }))}
                total={{ name: 'EVaR', value: entropicValueAtRisk }}
              />
              <p class="note">
                Euler’s allocation: the parts add up to the EVaR. A negative part hedges the rest.
                {allocation.capital !== 0 && (
                  <>
                    {' '}
                    Capital’s own part: <Real of={allocation.capital} decimals={2} />.
                  </>
                )}
              </p>
            </>
          )}
        </Known>
      </Panel>
      <Panel title="By cluster" wide={6} aside={age}>
        <Known answer={risk}>
          {({ allocation, entropicValueAtRisk }) => (
            <Waterfall
              label="Euler allocation by cluster"
              parts={groupsOf(forecast.value.data, Object.keys(allocation.markets)).map((group) => ({
                name: group.join(' · '),
                value: group.reduce((sum, market) => sum + (allocation.markets[market] ?? 0), 0),
              }))}
              total={{ name: 'EVaR', value: entropicValueAtRisk }}
            />
          )}
        </Known>
        <ForecastQuality />
      </Panel>
      <Panel
        title="Correlations, ordered by cluster"
        wide={6}
        aside={
          forecast.value.data && (
            <>
              <Age of={forecast.value.data.barEnd} />{' '}
              <a href={hrefOfProofs(forecast.value.data.proofs)}>proofs</a>
            </>
          )
        }
      >
        <Known answer={forecast}>{(known) => <HeatMap forecast={known} />}</Known>
      </Panel>
      <Panel title="Stress" wide={6} aside={book && <Age of={book.marketTime} />}>
        {book !== undefined && markets !== undefined && (
          <StressGrid
            book={book}
            markets={markets}
            groups={groupsOf(
              forecast.value.data,
              markets.markets.map(({ market }) => market),
            )}
          />
        )}
      </Panel>
      <StressReport />
      <Panel title="Risk over time">
        <RiskPast spanMs={MONTH_MS} height={220} events />
      </Panel>
    </div>
  );
}

interface Coverage {
  readonly observations: number;
  readonly violations: number;
  readonly rate: number;
  readonly conditionalCoverage: { readonly pValue: number };
}
interface Quality {
  readonly modelVersion: number;
  readonly fittedOn: string;
  readonly fitSeconds: number;
  readonly observations: number;
  readonly live: {
    readonly bars: number;
    readonly qlike: number | null;
    readonly qlikeEwma: number | null;
    readonly valueAtRisk5: Coverage;
    readonly valueAtRisk1: Coverage;
  } | null;
}

function ForecastQuality() {
  const quality = useAnswer<Quality>('v1/forecasts/latest/quality', 5000);
  return (
    <>
      <h3>How good the forecasts have been</h3>
      <Known answer={quality}>
        {({ modelVersion, fittedOn, observations, live }) => (
          <Facts>
            <Fact name="Model" note={`on ${observations} bars`}>
              {modelVersion}, fitted <Age of={fittedOn} />
            </Fact>
            {live != null && (
              <>
                <Fact name="QLIKE against EWMA’s" note={`over ${live.bars} bars; lower is better`}>
                  {live.qlike == null || live.qlikeEwma == null ? (
                    '–'
                  ) : (
                    <>
                      <Real of={live.qlike} decimals={3} /> against <Real of={live.qlikeEwma} decimals={3} />
                    </>
                  )}
                </Fact>
                <CoverageFact name="5 % value at risk" expected={0.05} of={live.valueAtRisk5} />
                <CoverageFact name="1 % value at risk" expected={0.01} of={live.valueAtRisk1} />
              </>
            )}
          </Facts>
        )}
      </Known>
    </>
  );
}

/** Below this a coverage that is right would be as far off in one case of a hundred. */
const DOUBTFUL = 0.01;

function CoverageFact({ name, expected, of }: { name: string; expected: number; of: Coverage }) {
  if (of == null) return null;
  const { pValue } = of.conditionalCoverage;
  const doubtful = pValue < DOUBTFUL;
  return (
    <Fact name={`${name}, exceeded`} note={`of ${of.observations} bars, ${expected * 100} % expected`}>
      <Percent of={of.rate} />{' '}
      <State
        tone={doubtful ? 'warn' : 'good'}
        title={`Conditional coverage, p = ${significantText(pValue, 3)}`}
      >
        {doubtful ? 'doubtful' : 'in order'}
      </State>
    </Fact>
  );
}
