import { InvalidInputError } from '#lib/errors';
import type { Solvers } from '#lib/liquidation';
import { MarginSchedule } from '#lib/margin';
import type { CovariancePayload } from '#lib/messages';
import type { PricePanel } from '../market/price-panel.js';
import type { TraderFlow } from '../traders/flow.js';
import { Population } from '../traders/population.js';
import { ConventionalVenue } from '../venues/conventional/conventional-venue.js';
import { CONVENTIONAL, conventionalRules } from '../venues/conventional/rule-sets.js';
import type { Listener, Venue } from '../venues/venue.js';
import { ZkriskVenue } from '../venues/zkrisk-venue.js';
import { conventionalSettings, type LabParameters, zkriskSettings } from './lab-parameters.js';
import { labRun, type RunInput, type RunOutcome } from './lab-run.js';

/** Rules that the lab knows: ours, and those of other exchanges. */
export const RULE_SETS = ['zkrisk', ...CONVENTIONAL] as const;
export type RuleSet = (typeof RULE_SETS)[number];

/** @throws {InvalidInputError} for rules that the lab does not know */
export function ruleSet(text: string): RuleSet {
  const found = RULE_SETS.find((name) => name === text);
  if (found === undefined)
    throw new InvalidInputError('rules', `must be one of ${RULE_SETS.join(', ')}, got "${text}"`);
  return found;
}

/** One run, but for its prices: plain JSON. */
export interface RunRequest {
  readonly rules: RuleSet;
  readonly seed: number;
  readonly parameters: LabParameters;
}

/** The population of a request, over markets of a panel. */
export function populationOf({ seed, parameters }: RunRequest, markets: number): Population {
  const { accounts, decisionsPerBar, medianCollateral, whale, attacker } = parameters;
  return new Population({ seed, accounts, markets, decisionsPerBar, medianCollateral, whale, attacker });
}

export function venueOf(
  { rules, parameters }: RunRequest,
  { markets, barMs }: Pick<PricePanel, 'markets' | 'barMs'>,
  solvers: Solvers,
  tell: Listener,
): Venue {
  if (rules === 'zkrisk') return new ZkriskVenue(markets, zkriskSettings(parameters, barMs), solvers, tell);
  const schedule = MarginSchedule.parse(parameters.marginRates);
  const others = conventionalRules(rules, markets, schedule);
  return new ConventionalVenue(markets, others, conventionalSettings(parameters), tell);
}

/** Runs a request on prices and their forecasts. The same request gives the same outcome anywhere. */
export function runRequest(
  request: RunRequest,
  panel: PricePanel,
  forecasts: readonly (CovariancePayload | undefined)[],
  solvers: Solvers,
  options: Pick<RunInput, 'observe' | 'progress'> & { readonly flow?: TraderFlow } = {},
): RunOutcome {
  const { flow = populationOf(request, panel.markets.length), ...rest } = options;
  return labRun({
    ...{ panel, forecasts, flow, ...rest },
    venue: (tell) => venueOf(request, panel, solvers, tell),
  });
}
