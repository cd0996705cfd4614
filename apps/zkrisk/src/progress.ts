import { wholeText } from '#lib/amounts';
import { ProgressScreen } from '#lib/terminal';
import type { Engine } from './engine.js';
import type { ReplayProgress } from './replay/replayer.js';

/** Progress of a replay and state of the exchange. Amounts in quote currency. */
export interface Status {
  readonly marketTime: string;
  readonly bar: number;
  readonly bars: number | null;
  /** null before the first forecast */
  readonly riskMeasure: number | null;
  readonly capital: number;
  readonly liquidity: number;
  readonly pendingToCapital: number;
  readonly trades: number;
  readonly liquidations: number;
  readonly model: number | null;
  /** null where nothing is settled */
  readonly epochsSettled: number | null;
  readonly deadLetters: number;
  readonly seconds: number;
}

/** Tells the person or the program in front of a replay how it goes. */
export interface Display {
  /** a sentence, once */
  say(line: string): void;
  progress(progress: ReplayProgress): void;
  /** the end: the last status, whatever the pace */
  finish(): void;
}

/**
 * On a terminal one block that is rewritten in place, on a pipe a line every few seconds, with --json a JSON object a line on the
 * standard output.
 *
 * @param engine undefined until it has started
 */
export function openDisplay(
  engine: () => Engine | undefined,
  { json, footer }: { json: boolean; footer: () => readonly string[] },
): Display {
  const started = performance.now();
  const screen = new ProgressScreen({
    log: process.stderr,
    ...(json ? { records: process.stdout } : {}),
  });
  return {
    say: (line) => {
      screen.say(line);
    },
    progress: (progress) => {
      const running = engine();
      if (running === undefined) return;
      screen.show(() => {
        const status = statusOf(running, progress, (performance.now() - started) / 1000);
        return { lines: statusLines(status), below: footer(), record: status };
      });
    },
    finish: () => {
      screen.finish();
    },
  };
}

function statusOf(engine: Engine, { bar, length, time }: ReplayProgress, seconds: number): Status {
  const { engine: pricing } = engine.pricer;
  const { ledger } = pricing;
  const money = (amount: bigint) => Number(amount) / 1e8;
  return {
    ...{ marketTime: new Date(time).toISOString(), bar, bars: length ?? null },
    riskMeasure: pricing.ready() ? pricing.assessment().assessment.riskMeasure : null,
    capital: money(ledger.capital),
    liquidity: money(ledger.liquidity),
    pendingToCapital: money(ledger.pendingToCapital),
    trades: ledger.totals.trades,
    liquidations: engine.liquidator.counts.plans,
    model: engine.forecaster.model()?.version ?? null,
    epochsSettled: engine.settlement === undefined ? null : engine.settlement.counts.epochs,
    deadLetters: engine.log.deadLetters,
    seconds: Math.round(seconds * 10) / 10,
  };
}

/** A status for the eye, in three lines. */
export function statusLines(status: Status): string[] {
  const { bars, riskMeasure, model, epochsSettled } = status;
  return [
    `${status.marketTime.slice(0, 16)}  bar ${status.bar}${bars === null ? '' : `/${bars}`}  ${Math.round(status.seconds)} s`,
    `ρ ${riskMeasure === null ? '–' : wholeText(riskMeasure)}  P ${wholeText(status.capital)}  L ${wholeText(status.liquidity)}  pending ${wholeText(status.pendingToCapital)}`,
    `trades ${status.trades}  liquidations ${status.liquidations}  model ${model ?? '–'}` +
      (epochsSettled === null ? '' : `  settled ${epochsSettled}`) +
      (status.deadLetters === 0 ? '' : `  dead letters ${status.deadLetters}`),
  ];
}
