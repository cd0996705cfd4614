import { InvalidInputError } from '#lib/errors';
import {
  type ExchangeParameters,
  exchangeParameters as exchangeParametersOf,
  firstRules,
  markParametersOf,
  type RiskRules,
  vestingOf,
} from '#lib/exchange';
import type { ForecastingParameters } from '#lib/forecasting';
import {
  liquidatingParameters as liquidatingParametersOf,
  type LiquidatingParameters,
} from '#lib/liquidating';
import { MarginSchedule } from '#lib/margin';
import type { ForecastSettings } from '../market/forecast-run.js';
import type { ConventionalSettings } from '../venues/conventional/conventional-venue.js';
import type { ZkriskSettings } from '../venues/zkrisk-venue.js';

/** Everything a run depends on besides prices, rules and seed: plain JSON, so that it is swept, stored and sent to threads. */
export interface LabParameters {
  /** tail probability of EVaR(1−α) */
  readonly alpha: number;
  /** risk horizon τ in bars */
  readonly horizonBars: number;
  /** our margin: `portfolio`, or `linear` by the rates */
  readonly margin: string;
  /** of linear margin, ours and others’: `default=maintenance/initial,MARKET=…` */
  readonly marginRates: string;
  readonly minimumPosition: number;
  /** opening capital of the liquidity providers, or of the maker and the insurance fund together */
  readonly liquidity: number;
  /** the insurance fund's share under other rules */
  readonly insuranceShare: number;
  readonly accounts: number;
  readonly decisionsPerBar: number;
  readonly medianCollateral: number;
  readonly whale: number;
  readonly attacker: number;
  readonly windowBars: number;
  readonly minimumBars: number;
  readonly refitEveryBars: number;
}

/** As the services are without settings, and a population that uses a pool of ten million. */
export const LAB_DEFAULTS: LabParameters = {
  alpha: 0.01,
  horizonBars: 24,
  margin: 'portfolio',
  marginRates: 'default=0.03/0.05',
  minimumPosition: 1,
  liquidity: 10_000_000,
  insuranceShare: 0.1,
  accounts: 2000,
  decisionsPerBar: 6,
  medianCollateral: 5000,
  whale: 1_000_000,
  attacker: 50_000,
  windowBars: 864,
  minimumBars: 100,
  refitEveryBars: 1,
};

/** Parameters with changes. @throws {InvalidInputError} naming a parameter that there is none of, or one of the wrong kind */
export function labParameters(changes: Readonly<Record<string, unknown>> = {}): LabParameters {
  for (const [name, value] of Object.entries(changes)) {
    const known: unknown = (LAB_DEFAULTS as unknown as Record<string, unknown>)[name];
    if (known === undefined)
      throw new InvalidInputError(
        name,
        `is no parameter of the lab: ${Object.keys(LAB_DEFAULTS).join(', ')}`,
      );
    if (typeof value !== typeof known || (typeof value === 'number' && !(value >= 0 && value < Infinity)))
      throw new InvalidInputError(
        name,
        `must be like ${JSON.stringify(known)}, got ${JSON.stringify(value)}`,
      );
  }
  const parameters: LabParameters = { ...LAB_DEFAULTS, ...changes };
  if (!(parameters.alpha > 0 && parameters.alpha < 1))
    throw new InvalidInputError('alpha', `must be between 0 and 1, got ${parameters.alpha}`);
  if (parameters.insuranceShare > 1)
    throw new InvalidInputError('insuranceShare', `must be 1 at most, got ${parameters.insuranceShare}`);
  if (parameters.margin !== 'portfolio' && parameters.margin !== 'linear')
    throw new InvalidInputError('margin', `must be portfolio or linear, got "${parameters.margin}"`);
  MarginSchedule.parse(parameters.marginRates);
  return parameters;
}

/** Parameters as the services begin with, but for the lab's own. */
function rulesOf(parameters: LabParameters, barMs: number): RiskRules {
  const { alpha, horizonBars, margin, marginRates, minimumPosition } = parameters;
  const schedule = MarginSchedule.parse(marginRates);
  const named = marginRates.split(',').map((entry) => entry.split('=')[0].trim());
  const markets = Object.fromEntries(
    named.filter((name) => name !== 'default').map((name) => [name, schedule.of(name)]),
  );
  return firstRules({
    model: { alpha, horizonBars, barSeconds: barMs / 1000 },
    margin: { mode: margin, rates: { default: schedule.of('default'), markets } },
    liquidation: { minimumPosition },
  });
}

export function exchangeParameters(parameters: LabParameters, barMs: number): ExchangeParameters {
  return exchangeParametersOf(rulesOf(parameters, barMs), undefined);
}

export function liquidatingParameters(parameters: LabParameters, barMs: number): LiquidatingParameters {
  return liquidatingParametersOf(rulesOf(parameters, barMs), undefined);
}

export function zkriskSettings(parameters: LabParameters, barMs: number): ZkriskSettings {
  const rules = rulesOf(parameters, barMs);
  return {
    exchange: exchangeParametersOf(rules, undefined),
    liquidating: liquidatingParametersOf(rules, undefined),
    bucketMs: vestingOf(rules).bucketMs,
    liquidity: parameters.liquidity,
  };
}

export function conventionalSettings(parameters: LabParameters): ConventionalSettings {
  const { liquidity, insuranceShare, alpha } = parameters;
  return { liquidity, insuranceShare, alpha };
}

export function forecastSettings(parameters: LabParameters, barMs: number): ForecastSettings {
  const { horizonBars, windowBars, minimumBars, refitEveryBars } = parameters;
  const rules = rulesOf(parameters, barMs).parameters;
  const { varianceRatioFloor, tailAlphas } = rules.model;
  const forecasting: ForecastingParameters = {
    ...{ barMs, windowBars, minimumBars, refitEveryBars, horizonBars },
    ...{ registerEveryBars: 24, describeEveryBars: 168, varianceRatioFloor },
    ...{ tailAlphas, tailForecasts: 1000, activateAfterBars: 1 },
    marks: markParametersOf(rules, undefined),
  };
  return {
    parameters: forecasting,
    model: { model: 'lm-go', clusters: 'linkage', factors: 'all', minimumObservations: minimumBars },
  };
}
