import { describe, expect, it } from 'vitest';
import { markParameters, type ObservedPrice } from '#lib/exchange';
import { randomStream } from '#lib/runtime';
import { fitForecastModel, type LmGoModel } from '#lib/volatility';
import { type Advance, ForecastEngine, type StoredForecaster } from './forecast-engine.js';
import { FitFailedError } from './fit.js';
import type { EstimationPanel } from './estimation-window.js';
import type { ForecastingParameters } from './parameters.js';

const HOUR = 3_600_000;
const parameters: ForecastingParameters = {
  barMs: HOUR,
  windowBars: 60,
  minimumBars: 20,
  refitEveryBars: 1,
  registerEveryBars: 5,
  describeEveryBars: 10,
  varianceRatioFloor: 1,
  tailAlphas: [0.01],
  tailForecasts: 100,
  activateAfterBars: 1,
  horizonBars: 4,
  marks: markParameters({}),
};

const fit = ({ markets, returns }: EstimationPanel, describe: boolean) =>
  Promise.resolve({
    fit: fitForecastModel(markets, returns, { minimumObservations: 20, describe }),
    seconds: 0,
  });

/** Prices of a bar's markets near its end; small steps, so that every one becomes the mark. */
function market(seed: number) {
  const random = randomStream(seed);
  const prices = new Map<string, number>();
  let sequence = 0;
  return (bar: number, names: readonly string[]): ObservedPrice[] => {
    const common = 0.002 * random.normal();
    return names.map((name) => {
      const price = (prices.get(name) ?? 100) * Math.exp(common + 0.001 * random.normal());
      prices.set(name, price);
      return { market: name, price: price.toFixed(6), time: bar * HOUR - 1000, sequence: sequence++ };
    });
  };
}

async function drive(
  engine: ForecastEngine,
  bars: readonly number[],
  prices: (bar: number) => ObservedPrice[],
): Promise<Advance[]> {
  const outcomes: Advance[] = [];
  for (const bar of bars) outcomes.push(await engine.advance([...prices(bar), { until: bar * HOUR }]));
  return outcomes;
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe(ForecastEngine, () => {
  it('refits at every bar: a forecast’s model is one bar old and says which it is', async () => {
    const engine = new ForecastEngine(parameters, fit);
    const ticks = market(1);
    const outcomes = await drive(engine, range(1, 50), (bar) => ticks(bar, ['A', 'B', 'C']));
    const forecasts = outcomes.flatMap(({ forecasts: made }) => made);
    expect(forecasts.length).toBeGreaterThan(25);
    forecasts.forEach(({ modelVersion, markets, factors, loadings, ownVariances }, i) => {
      expect(modelVersion).toBe(i + 1);
      expect(markets).toEqual(['A', 'B', 'C']);
      expect(loadings).toHaveLength(3 * factors);
      expect(Math.min(...ownVariances)).toBeGreaterThan(0);
    });
    expect(engine.model!.fittedOn).toBe(forecasts.at(-1)!.barEnd - HOUR);
    expect(engine.model!.groups!.groups.flatMap(({ markets }) => markets).sort()).toEqual(['A', 'B', 'C']);
  });

  it('forecasts 250 markets from the fewest returns, in a message below the default size of brokers', async () => {
    const engine = new ForecastEngine(
      { ...parameters, tailForecasts: 20, refitEveryBars: 50 },
      // Their groups are another matter: pairs are tested there.
      (panel) => fit(panel, false),
    );
    const names = Array.from({ length: 250 }, (_, i) => `MARKET-${i}`);
    const ticks = market(9);
    const outcomes = await drive(engine, range(1, 23), (bar) => ticks(bar, names));
    const first = outcomes.findIndex(({ forecasts }) => forecasts.length > 0);
    // The minimum is the same for any number of markets: no matrix of theirs is inverted. Until then the missing bars are named.
    expect(first).toBe(parameters.minimumBars + parameters.activateAfterBars);
    const [forecast] = outcomes[first].forecasts;
    expect(forecast.markets).toHaveLength(250);
    expect(JSON.stringify(forecast).length).toBeLessThan(1_048_588 / 4);
  });

  it('registers a model every so many bars, with the filter’s step of the bar it takes over in', async () => {
    const engine = new ForecastEngine(parameters, fit);
    const ticks = market(2);
    const outcomes = await drive(engine, range(1, 50), (bar) => ticks(bar, ['A', 'B', 'C']));
    const registered = outcomes.flatMap(({ registered: some }) => some);
    const steps = outcomes.flatMap(({ steps: some }) => some);
    expect(registered.length).toBeGreaterThan(4);
    registered.slice(1).forEach(({ fittedOn }, i) => {
      expect(fittedOn - registered[i].fittedOn).toBe(5 * HOUR);
    });
    expect(steps.map(({ modelVersion }) => modelVersion)).toEqual(registered.map(({ version }) => version));
    const ids = outcomes.flatMap(({ forecasts }) => forecasts.map(({ forecastId }) => forecastId));
    steps.forEach(({ before, forecastId }, i) => {
      // It starts from the state the fit ended in, and its bar has a forecast of the same model.
      expect(before).toEqual((registered[i].model as LmGoModel).state);
      expect(ids).toContain(forecastId);
    });
  });

  it('takes in a market that joins, and goes on without one that falls silent, by name', async () => {
    const engine = new ForecastEngine(parameters, fit);
    const ticks = market(3);
    const names = (bar: number) => ['A', 'B', ...(bar >= 30 ? ['NEW'] : []), ...(bar < 90 ? ['GONE'] : [])];
    const outcomes = await drive(engine, range(1, 130), (bar) => ticks(bar, names(bar)));
    const at = (bar: number) => outcomes[bar - 1].forecasts.at(-1)!;
    expect(at(40).markets).toEqual(['A', 'B', 'GONE']);
    expect(at(40).warmingUp.map(({ market: name }) => name)).toEqual(['NEW']);
    expect(at(80).markets).toEqual(['A', 'B', 'GONE', 'NEW']);
    expect(at(96).stale).toEqual(['GONE']);
    expect(at(129).markets).toEqual(['A', 'B', 'NEW']);
    expect(at(129).excluded).toEqual([
      { market: 'GONE', reason: expect.stringMatching(/silent in \d+ of the last 61 bars/) as string },
    ]);
    // Every bar had a forecast, whoever came and went.
    expect(outcomes.slice(30).every(({ forecasts }) => forecasts.length === 1)).toBe(true);
  });

  it('keeps the model in force where a refit fails, and says why', async () => {
    let broken = false;
    const engine = new ForecastEngine(parameters, (panel, describe) =>
      broken ? Promise.reject(new FitFailedError('the data are at fault')) : fit(panel, describe),
    );
    const ticks = market(4);
    await drive(engine, range(1, 30), (bar) => ticks(bar, ['A', 'B']));
    const { version } = engine.model!;
    broken = true;
    const outcomes = await drive(engine, range(30, 36), (bar) => ticks(bar, ['A', 'B']));
    expect(outcomes.every(({ forecasts }) => forecasts.length === 1)).toBe(true);
    expect(engine.model!.version).toBeLessThanOrEqual(version + 1);
    expect(engine.fitFailure).toMatch(/the data are at fault/);
  });

  it.each([
    ['as if there had been none', null],
    [
      'by parameters that have changed',
      { ...parameters, windowBars: 30, refitEveryBars: 2, tailForecasts: 5 },
    ],
  ])('goes on after a restart %s, to the last bit', async (_, changed) => {
    const prices = (() => {
      const ticks = market(5);
      return range(1, 60).map((bar) => ticks(bar, ['A', 'B', 'C']));
    })();
    const run = async (restartAt: number | null) => {
      let engine = new ForecastEngine(parameters, fit);
      let inForce = parameters;
      const bars: StoredForecaster['bars'][number][] = [];
      const made: unknown[] = [];
      for (const bar of range(1, 60)) {
        const outcome = await engine.advance([...prices[bar - 1], { until: bar * HOUR }]);
        bars.push(...outcome.bars);
        made.push(...outcome.forecasts, ...outcome.steps);
        if (changed !== null && bar === 31) {
          inForce = changed;
          engine.setParameters(changed);
        }
        if (bar !== restartAt) continue;
        const plain = <T>(value: T) => JSON.parse(JSON.stringify(value)) as T;
        engine = new ForecastEngine(inForce, fit, {
          state: plain(engine.snapshot()),
          bars,
          model: plain(engine.model),
          tails: plain(engine.tailState),
          baseline: plain(engine.quality.baseline),
        });
      }
      return { made, fits: engine.model!.version, window: engine.model!.model.observations };
    };
    const whole = await run(null);
    expect(await run(33)).toEqual(whole);
    expect(await run(48)).toEqual(whole);
    // The change is seen: half as many fits from then on, on half the window.
    expect(whole.fits).toBe(changed === null ? 38 : 24);
    expect(whole.window).toBe(changed === null ? 57 : 30);
  });
});
