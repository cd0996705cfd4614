import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { fitForecastModel } from '#lib/volatility';
import { answerRequests, STEP_BACK, stepBack } from '#lib/runtime';
import type { FinishedFit } from '#lib/forecasting';
import type { FitRequest } from './model-fitter.js';

let yielded = false;

/**
 * A fit gives way to quotes when both want the processor. On Linux scheduling belongs to a thread: this one asks for
 * the idle class and, where that is not to be had, for the lowest priority. Milliseconds of LM-GO are not worth waiting for.
 */
function yieldToQuotes(): void {
  if (yielded) return;
  yielded = true;
  try {
    const thread = basename(readlinkSync('/proc/thread-self'));
    if (spawnSync('chrt', ['--idle', '--pid', '0', thread], { stdio: 'ignore' }).status === 0) return;
  } catch {
    // Not Linux.
  }
  stepBack(STEP_BACK.far);
}

answerRequests(({ markets, returns, ...options }: FitRequest): FinishedFit => {
  if (options.model === 'gogarch') yieldToQuotes();
  const started = performance.now();
  const fit = fitForecastModel(markets, returns, options);
  return { fit, seconds: (performance.now() - started) / 1000 };
});
