import {
  forecastSettings,
  forecastsOf,
  generatedPrices,
  labParameters,
  type RuleSet,
  runRequest,
} from '#lib/lab';
import { loadSolvers } from '#lib/liquidation';

/** Events of a small run of the lab through a crash at bar 80 of 110, as `zkrisk lab run --events` writes them. */
export async function labEventLines(rules: RuleSet): Promise<string> {
  const parameters = labParameters({
    ...{ minimumBars: 30, windowBars: 60, refitEveryBars: 30, horizonBars: 8 },
    ...{ accounts: 120, decisionsPerBar: 10, liquidity: 500_000, whale: 200_000, attacker: 20_000 },
  });
  const panel = generatedPrices({ seed: 11, markets: 5, bars: 110, crash: { bar: 80, fall: 0.4 } });
  const forecasts = await forecastsOf(panel, forecastSettings(parameters, panel.barMs));
  const lines: string[] = [];
  runRequest({ rules, seed: 1, parameters }, panel, forecasts, await loadSolvers(), {
    observe: (event, number) => lines.push(JSON.stringify({ number, ...event })),
  });
  return lines.join('\n');
}
