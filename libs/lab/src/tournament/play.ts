import type { Solvers } from '#lib/liquidation';
import type { CovariancePayload } from '#lib/messages';
import type { PricePanel } from '../market/price-panel.js';
import type { LabEvent } from '../run/lab-event.js';
import type { RunOutcome } from '../run/lab-run.js';
import { METRICS } from '../run/metrics.js';
import { type RunRequest, runRequest } from '../run/run-request.js';
import type { RunSeries } from './report.js';

/** A run with its prices, as a thread gets it. */
export interface PlayRequest {
  readonly request: RunRequest;
  readonly panel: PricePanel;
  readonly forecasts: readonly (CovariancePayload | undefined)[];
}

/** Plays a request, and keeps the series of its pictures. */
export function play(
  { request, panel, forecasts }: PlayRequest,
  solvers: Solvers,
  observe?: (event: LabEvent, number: number) => void,
): { outcome: RunOutcome; series: RunSeries } {
  const T = panel.times.length;
  const [badDebt, closedNotional, capital] = [0, 1, 2].map(() => new Float64Array(T));
  const outcome = runRequest(request, panel, forecasts, solvers, {
    observe: (event, number) => {
      badDebt[event.bar] += METRICS.badDebt.of(event) ?? 0;
      closedNotional[event.bar] += METRICS.closedNotional.of(event) ?? 0;
      if (event.kind === 'capital') capital[event.bar] += event.exchange + event.liquidity;
      observe?.(event, number);
    },
  });
  const cumulated = (values: Float64Array) => {
    let sum = 0;
    return Array.from(values, (value) => Math.round(100 * (sum += value)) / 100);
  };
  return {
    outcome,
    series: {
      badDebt: cumulated(badDebt),
      closedNotional: cumulated(closedNotional),
      capital: cumulated(capital),
    },
  };
}
