import {
  type LabParameters,
  labRun,
  populationOf,
  type RunOutcome,
  zkriskSettings,
  ZkriskVenue,
} from '#lib/lab';
import type { BookEvent } from '#lib/exchange';
import { loadSolvers } from '#lib/liquidation';
import type { LabInputs } from './lab-inputs.js';

/** Plays a population under our own rules. @param look called after each bar and at each book event */
export async function playOurs(
  { panel, forecasts }: LabInputs,
  { seed, parameters }: { readonly seed: number; readonly parameters: LabParameters },
  look: {
    readonly bar?: (venue: ZkriskVenue, bar: number, figures: () => RunOutcome['figures']) => void;
    readonly book?: (sequence: number, event: BookEvent) => void;
  },
): Promise<{ readonly venue: ZkriskVenue; readonly outcome: RunOutcome }> {
  const solvers = await loadSolvers();
  const settings = zkriskSettings(parameters, panel.barMs);
  let venue: ZkriskVenue | undefined;
  const outcome = labRun({
    ...{ panel, forecasts },
    flow: populationOf({ rules: 'zkrisk', seed, parameters }, panel.markets.length),
    venue: (tell) =>
      (venue = new ZkriskVenue(
        ...([panel.markets, settings, solvers, tell] as const),
        look.book === undefined ? {} : { book: look.book },
      )),
    progress: (bar, figures) => look.bar?.(venue!, bar, figures),
  });
  return { venue: venue!, outcome };
}
