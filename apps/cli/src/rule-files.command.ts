import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError } from '#lib/errors';
import { askRules, keepValues, readSecrets, ruleFolder, RULES } from '#lib/rules';
import { UsageError } from '#lib/terminal';
import { note } from './print.js';

/** Rules to begin with, each a file that works. */
export function ruleTemplates(): string[] {
  return readdirSync(join(RULES, 'templates'))
    .filter((name) => name.endsWith('.py'))
    .map((name) => name.slice(0, -3).replaceAll('_', '-'))
    .sort();
}

/** Writes a rule to begin with. @throws {UsageError} for a file that is there already */
export function newRuleCommand(file: string, options: { readonly kind: string }): { file: string } {
  if (!file.endsWith('.py')) throw new UsageError(`${file}: a rule is a file of Python, FILE.py`);
  if (existsSync(file)) throw new UsageError(`${file} is there already`);
  const kinds = ruleTemplates();
  if (!kinds.includes(options.kind)) throw new UsageError(`--kind: must be one of ${kinds.join(', ')}`);
  copyFileSync(join(RULES, 'templates', `${options.kind.replaceAll('-', '_')}.py`), file);
  return { file };
}

/** The compiler's description of a rule. */
export interface RuleCosts {
  readonly rows: number;
  readonly hashRows: number;
  readonly usedRows: number;
  readonly columns: number;
  readonly logRows: number;
}
interface RuleSummary {
  readonly name: string;
  readonly errors: Readonly<Record<string, number>>;
  readonly fragileComparisons: number;
  readonly costs: RuleCosts;
}
export interface RuleCheck extends RuleSummary {
  readonly compared: {
    readonly samples: number;
    readonly worst: Readonly<Record<string, number>>;
    readonly statesOutOfRange: number;
  };
  readonly expectedProvingSeconds: number;
}

/** Seconds a proof takes on the engine by rows and columns, measured on two cores (docs/concepts/rules.md). */
const SECONDS = { least: 2, perCell: 1.1e-3 };

/** Whether a circuit can hold a rule, its cost, and its distance from floating point. */
export async function checkRuleCommand(
  file: string,
  options: { readonly samples: number; readonly seed: number },
): Promise<RuleCheck> {
  const args = [
    'check',
    existing(file),
    '--samples',
    String(options.samples),
    '--seed',
    String(options.seed),
  ];
  const found = await askRules<Omit<RuleCheck, 'expectedProvingSeconds'>>(args, note);
  return { ...found, expectedProvingSeconds: expectedSeconds(found.costs) };
}

function expectedSeconds({ logRows, columns }: RuleCosts): number {
  return Math.round(10 * (SECONDS.least + SECONDS.perCell * 2 ** logRows * (columns / 2 + 1))) / 10;
}

/** Compiles a rule: graph, circuit, program, verification key; and keeps its values with new salts, unless it has been trained. */
export async function buildRuleCommand(
  file: string,
): Promise<RuleSummary & { folder: string; expectedProvingSeconds: number }> {
  const folder = ruleFolder(existing(file));
  mkdirSync(folder, { recursive: true });
  const { values, ...summary } = await askRules<
    RuleSummary & { values: Readonly<Record<string, readonly number[]>> }
  >(['build', file, '--out', folder], note);
  if (isTrained(folder)) note(`${folder}/secrets.json holds trained values; those of ${file} are not taken`);
  else keepValues(folder, values, 'file');
  return { ...summary, folder, expectedProvingSeconds: expectedSeconds(summary.costs) };
}

function isTrained(folder: string): boolean {
  return existsSync(join(folder, 'secrets.json')) && readSecrets(folder).from === 'training';
}

/** @throws {InvalidInputError} where it is not there */
export function existing(file: string): string {
  if (!existsSync(file)) throw new InvalidInputError('file', `${file} is not there`);
  return file;
}
