import { describe, expect, it } from 'vitest';
import { ExchangeMachine, HOUR_MS } from '../../../../test/support/exchange-machine.js';
import { markParameters } from '../marks/mark-parameters.js';
import { MarketBoard } from '../marks/market-board.js';
import { firstRules } from '../parameters/risk-rules.js';
import { MarginModels, scenariosOf } from './margin-models.js';

const PORTFOLIO = firstRules({
  margin: {
    depths: { A: 5 },
    floors: {
      default: { initial: [{ above: 0, rate: 0.02 }], maintenance: [{ above: 0, rate: 0.01 }] },
      markets: {},
    },
  },
});
/** Deviations of 4 % a day, a correlation of one half. */
const machine = () => new ExchangeMachine(['A', 'B'], { volatility: 0.04, correlation: 0.5 });
const held = (...markets: readonly string[]) => markets.map((market) => ({ market }));

describe(MarginModels, () => {
  it('has the forecast’s covariance over the margin’s horizon, and depths and floors of each market', () => {
    const models = new MarginModels(machine().engine.board);
    const { margin, stress, parameters } = models.model(PORTFOLIO, 1000, []);
    const hour = 0.04 ** 2 / 24;
    const covariance = Array.from(parameters.covariance);
    [hour, hour / 2, hour / 2, hour].forEach((entry, i) => {
      expect(covariance[i]).toBeCloseTo(entry, 15);
    });
    const floor = { initial: [{ above: 0, rate: 0.02 }], maintenance: [{ above: 0, rate: 0.01 }] };
    expect(parameters).toMatchObject({
      ...{ version: '1', alpha: 1e-3, absorbable: 250 },
      markets: [
        { market: 'A', depth: 5, ...floor },
        { market: 'B', depth: null, ...floor },
      ],
    });
    expect(margin).toBe(stress);
    expect(models.model(PORTFOLIO, 0, []).parameters.absorbable).toBeNull();
  });

  it('takes the deviations that the guard rails let through, and the correlations of the forecast', () => {
    const made = machine();
    made.forecast({ ...made.engine.board.latestForecast!, forecastId: 'g', guardedDeviations: [0.08, 0.02] });
    const [aa, ab, ba, bb] = Array.from(
      new MarginModels(made.engine.board).model(PORTFOLIO, 1000, []).parameters.covariance,
    );
    expect(aa * 24).toBeCloseTo(0.08 ** 2, 12);
    expect(bb * 24).toBeCloseTo(0.02 ** 2, 12);
    expect(ab * 24).toBeCloseTo(0.5 * 0.08 * 0.02, 12);
    expect(ba).toBe(ab);
  });

  it('is made anew for another forecast, version or capital, and else is the same', () => {
    const made = machine();
    const models = new MarginModels(made.engine.board);
    const first = models.model(PORTFOLIO, 1000, held('A', 'B'));
    expect(models.model(PORTFOLIO, 1000, held('A'))).toBe(first);
    const second = models.model(PORTFOLIO, 1001, []);
    expect(second).not.toBe(first);
    const other = firstRules({ margin: { depths: { A: 6 } } });
    const third = models.model(other, 1001, []);
    expect(third.parameters.markets[0].depth).toBe(6);
    made.forecast({ volatility: 0.08 });
    const fourth = models.model(other, 1001, []);
    expect(fourth.parameters.covariance[0]).toBeCloseTo(0.08 ** 2 / 24, 12);
    // Scenarios of the same markets under the same version are not made again.
    expect(fourth.parameters.scenarios).toBe(third.parameters.scenarios);
    expect(third.parameters.scenarios).not.toBe(first.parameters.scenarios);
  });

  it('is symmetric over three markets, with other ones where the forecast has others, and none where a market does not move', () => {
    const made = new ExchangeMachine(['A', 'B', 'C'], { volatility: 0.04, correlation: 0.5 });
    const models = new MarginModels(made.engine.board);
    const of = () => models.model(PORTFOLIO, 1000, []).parameters;
    const { covariance } = of();
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++)
        expect(covariance[i * 3 + j]).toBeCloseTo((0.04 ** 2 / 24) * (i === j ? 1 : 0.5), 15);
    const still = made.engine.board.latestForecast!;
    made.forecast({
      ...still,
      forecastId: 'g',
      loadings: [0, 1, 1],
      ownVariances: [0, 1e-4, 1e-4],
      guardedDeviations: [0.08, 0.08, 0.08],
    });
    const guarded = Array.from(of().covariance);
    expect(guarded.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(guarded[4] * 24).toBeCloseTo(0.08 ** 2, 12);
    made.forecast({ ...still, forecastId: 'h', markets: ['A', 'C', 'B'] });
    expect(of().markets.map(({ market }) => market)).toEqual(['A', 'C', 'B']);
  });

  it('keeps markets beside the forecast, with scenarios and without a covariance', () => {
    const models = new MarginModels(machine().engine.board);
    const { parameters, margin } = models.model(PORTFOLIO, 1000, held('Z'));
    expect(parameters.markets.map(({ market }) => market)).toEqual(['A', 'B', 'Z']);
    expect([margin.indexOf.get('Z'), parameters.covariance.length]).toEqual([2, 9]);
    expect(Array.from(parameters.covariance).map((entry) => entry > 0)).toEqual([
      ...[true, true, false, true, true, false, false, false, false],
    ]);
    expect(models.model(PORTFOLIO, 1000, []).parameters.markets).toHaveLength(3);
    const linear = firstRules({ margin: { mode: 'linear' } });
    const { margin: own, stress } = models.model(linear, 1000, []);
    expect(own).not.toBe(stress);
    expect(own.indexOf.has('Z')).toBe(true);
  });

  it('has no covariance before a forecast', () => {
    const bare = new MarginModels(new MarketBoard(markParameters()));
    expect(Array.from(bare.model(PORTFOLIO, 1000, held('A', 'B')).parameters.covariance)).toEqual([
      0, 0, 0, 0,
    ]);
  });
});

describe(scenariosOf, () => {
  const names = (margin: object, markets: readonly string[]) =>
    scenariosOf(firstRules({ margin }).parameters.margin, markets).map(({ name }) => name);
  it('has clusters of two members or more that are here', () => {
    const clusters = { large: ['A', 'B', 'C'], small: ['A', 'X'], gone: ['X', 'Y'] };
    expect(names({ clusters }, ['A', 'B']).filter((name) => name.startsWith('cluster'))).toEqual([
      ...['cluster large down', 'cluster large up'],
    ]);
    const [down] = scenariosOf(firstRules({ margin: { clusters } }).parameters.margin, [
      'A',
      'B',
      'D',
    ]).filter(({ name }) => name === 'cluster large down');
    expect(down.shocks).toEqual([-0.1, -0.1, 0]);
  });

  it('has worst hours of markets and of all together', () => {
    const margin = { worstHours: { A: 0.3 }, jointHours: [{ A: -0.2, B: 0.1 }] };
    const scenarios = scenariosOf(firstRules({ margin }).parameters.margin, ['A', 'B']);
    const shocks = (name: string) => scenarios.find((scenario) => scenario.name === name)?.shocks;
    expect([shocks('A alone up'), shocks('B alone up'), shocks('joint hour 1')]).toEqual([
      [0.3, 0],
      [0, 0.1],
      [-0.2, 0.1],
    ]);
  });
});

it('is the margin of the machine’s accounts at its capital of the day', () => {
  const made = machine();
  made.provide('lp', 1000);
  made.wait(HOUR_MS);
  expect(made.engine.accounts.model([]).parameters.absorbable).toBeCloseTo(250, 6);
  expect(made.engine.marginCapital).toBe(1000);
});
