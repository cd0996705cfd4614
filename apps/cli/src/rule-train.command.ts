import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stackedCharts } from '#lib/charts';
import { askRules, keepValues, loadRule, RAIL_TERMS, readSecrets, ruleFolder } from '#lib/rules';
import { UsageError } from '#lib/terminal';
import { pooledPrices, type PooledPricesOptions } from './pool-prices.js';
import { note } from './print.js';

export interface TrainRuleOptions extends PooledPricesOptions {
  readonly weights?: readonly number[];
  readonly updateEvery: number;
  readonly decay: number;
  readonly minimumWeight: number;
  readonly step: number;
  readonly heldOut: number;
  readonly objective: 'sharpe' | 'return';
  readonly seeds: number;
  readonly steps: number;
  readonly svg?: string;
}

type Scores = Readonly<Record<'fitted' | 'stopping' | 'heldOut', number>>;
type Values = Readonly<Record<string, readonly number[]>>;

/** Result of a training. Scores are of an update: mean over deviation of log returns, or a thousand times their mean. */
export interface TrainedRule {
  readonly objective: string;
  /** in each span */
  readonly updates: Scores;
  readonly scores: Readonly<Record<'start' | 'gradient' | 'direct', Scores>>;
  readonly seeds: readonly { readonly seed: number; readonly bestStep: number }[];
  /** where the values are; they are told to nobody */
  readonly secrets: string;
}

interface Answer extends Omit<TrainedRule, 'seeds' | 'secrets'> {
  readonly values: Values;
  readonly paths: Readonly<Record<'start' | 'gradient' | 'direct', readonly number[]>>;
  readonly history: readonly {
    readonly seed: number;
    readonly bestStep: number;
    readonly course: readonly { readonly step: number; readonly fitted: number; readonly stopping: number }[];
  }[];
}

/** Fits a rule's parameters and keeps them in its secrets; the next `rule deploy` commits to these. */
export async function trainRuleCommand(file: string, options: TrainRuleOptions): Promise<TrainedRule> {
  const { folder, manifest } = loadRule(ruleFolder(file));
  const { assets, times, path } = pooledPrices(options);
  if (assets.length !== manifest.tokens)
    throw new UsageError(`--assets: the rule is of ${manifest.tokens} tokens, there are ${assets.length}`);
  const scratch = mkdtempSync(join(tmpdir(), 'zkrisk-train-'));
  try {
    const rows = Array.from({ length: path.rows }, (_, t) =>
      Array.from(path.values.subarray(t * assets.length, (t + 1) * assets.length)),
    );
    const weights = options.weights ?? assets.map(() => 1 / assets.length);
    writeFileSync(join(scratch, 'prices.json'), JSON.stringify({ prices: rows, weights }));
    const given = {
      ...{ prices: join(scratch, 'prices.json'), every: options.updateEvery, decay: options.decay },
      ...{ lowest: options.minimumWeight, step: options.step, reach: RAIL_TERMS.reach },
      ...{ 'held-out': options.heldOut, objective: options.objective },
      ...{ seeds: options.seeds, steps: options.steps },
    };
    const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const answer = await askRules<Answer>(['train', file, ...args], note);
    const known = readSecrets(folder).values;
    keepValues(folder, { ...known, ...answer.values }, 'training');
    if (options.svg !== undefined) writeFileSync(options.svg, picture(answer, times, options.updateEvery));
    const { objective, updates, scores, history } = answer;
    return {
      ...{ objective, updates, scores },
      seeds: history.map(({ seed, bestStep }) => ({ seed, bestStep })),
      secrets: join(folder, 'secrets.json'),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The value with the file's parameters and with the best of both searches; the spans are told apart by the title. */
function picture({ paths, updates }: Answer, times: readonly number[], every: number): string {
  const updated = times.filter((_, t) => t % every === 0).slice(1);
  const heldOut = new Date(updated[updates.fitted + updates.stopping]).toISOString().slice(0, 10);
  const line = (name: string, colour: string, path: readonly number[]) => ({
    ...{ name, colour },
    values: path.map(Math.exp),
  });
  return stackedCharts([
    {
      ...{
        title: `Value where trading is free; held out from ${heldOut} on`,
        unit: 'of the first',
        times: updated,
      },
      series: [
        line('parameters of the file', '#999', paths.start),
        line('by gradient', '#1b6ca8', paths.gradient),
        line('by DIRECT', '#d9822b', paths.direct),
      ],
    },
  ]);
}
