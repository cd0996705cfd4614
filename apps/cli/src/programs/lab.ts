import { type Command, InvalidArgumentError, Option } from 'commander';
import { atLeast, list, wholeNumber } from '#lib/terminal';
import { RULE_SETS, ruleSet } from '#lib/lab';
import { print, printText } from '../print.js';
import type { CoverageOptions } from '../lab/coverage.command.js';
import type { ExplainOptions } from '../lab/explain.command.js';
import type { LabRunOptions } from '../lab/run.command.js';
import type { StressOptions } from '../lab/stress.command.js';
import type { SweepOptions } from '../lab/sweep.command.js';
import type { TournamentOptions } from '../lab/tournament.command.js';
import { columnOption, PRICE_FILES } from './prices.js';

/** `--set name=value`, several times. */
const setting = (text: string, before: Record<string, unknown> = {}): Record<string, unknown> => {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('must be name=value');
  const value = text.slice(at + 1);
  return { ...before, [text.slice(0, at)]: /^-?[\d.]+(e-?\d+)?$/i.test(value) ? Number(value) : value };
};

/** Description of the option of commands whose figures `lab explain` explains. */
const REPORT = 'write figures and inputs as JSON, for lab explain';

/** Options of every command of the lab. */
const withInputs = (command: Command): Command =>
  command
    .requiredOption('--prices <files...>', PRICE_FILES)
    .addOption(columnOption())
    .addOption(new Option('--bars <n>', 'first rows that are taken').argParser(wholeNumber))
    .option('--cache <folder>', 'where forecasts are kept; default a folder of the system’s temporary files')
    .addOption(
      new Option('--set <name=value>', 'a parameter of the lab, several times')
        .argParser(setting)
        .default({}, 'docs/concepts/lab.md lists them'),
    );

/** `zkrisk lab …`. */
export function registerLab(program: Command): void {
  const lab = program
    .command('lab')
    .description('the machines in one process: what would have happened, and what could happen');
  withInputs(lab.command('run'))
    .description('play prices and a population of traders under one rule set')
    .addOption(new Option('--rules <name>', 'the rule set').choices(RULE_SETS).default('zkrisk'))
    .addOption(new Option('--accounts <n>', 'traders of the population').argParser(wholeNumber))
    .addOption(new Option('--seed <n>', 'of the population').argParser(wholeNumber).default(1))
    .option('--flow <file>', 'recorded commands instead of a population: CSV, or book events as JSON lines')
    .option('--events <file>', 'write every event, a line of JSON each')
    .option('--report <file>', REPORT)
    .option('--json', 'print JSON rather than a table', false)
    .action(
      async ({ json, accounts, set, ...options }: LabRunOptions & { json: boolean; accounts?: number }) => {
        const { labRunCommand, labRunTable } = await import('../lab/run.command.js');
        const changes = accounts === undefined ? set : { ...set, accounts };
        const report = await labRunCommand({ ...options, set: changes });
        if (json) print(report);
        else printText(labRunTable(report));
      },
    );
  withInputs(lab.command('tournament'))
    .description('play rule sets on the worst windows of the prices, seed by seed, and write a report')
    .requiredOption('--out <folder>', 'results and report; what is there already is not run again')
    .addOption(
      new Option('--rules <list>', RULE_SETS.join(', ')).argParser(list(ruleSet)).default([...RULE_SETS]),
    )
    .addOption(new Option('--seeds <n>', 'populations').argParser(wholeNumber).default(5))
    .addOption(new Option('--drawdowns <n>', 'windows by drawdown').argParser(atLeast(0, true)).default(5))
    .addOption(
      new Option('--breakdowns <n>', 'windows by change of correlation')
        .argParser(atLeast(0, true))
        .default(3),
    )
    .option(
      '--window <name=from/to>',
      'a window of its own, several times',
      (text: string, before: string[]) => [...before, text],
      [],
    )
    .addOption(new Option('--threads <n>', 'default: one a core').argParser(wholeNumber))
    .option('--json', 'print JSON rather than a table', false)
    .action(async ({ json, ...options }: TournamentOptions & { json: boolean }) => {
      const { tournamentCommand, tournamentTable } = await import('../lab/tournament.command.js');
      const report = await tournamentCommand(options);
      if (json) print(report.summary);
      else printText(tournamentTable(report));
    });
  lab
    .command('explain')
    .description('the events, or the runs, that a figure of a report comes from, by repeating its run')
    .argument(
      '<id>',
      'of a tournament window/rules/seed/metric, window/rules/metric or window/rules-rules/metric, of a run metric, of a sweep ' +
        'point/metric, of coverage test/figure or interval/quantity, of stress scenario/poolLoss, badDebt or liquidated',
    )
    .requiredOption('--report <file>', 'report.json of a tournament, or the --report of another command')
    .option('--prices <files...>', 'the prices, where they are elsewhere now')
    .option('--cache <folder>', 'where forecasts are kept')
    .action(async (id: string, options: ExplainOptions) => {
      const { explainCommand } = await import('../lab/explain.command.js');
      print(await explainCommand(id, options));
    });
  withInputs(lab.command('sweep'))
    .description('run every combination of a grid of parameters, rules and seeds; a row each as Parquet')
    .requiredOption('--grid <file>', 'YAML: rules, seeds, parameters: {name: [values]}')
    .requiredOption('--out <file>', 'the Parquet file')
    .addOption(new Option('--threads <n>', 'default: one a core').argParser(wholeNumber))
    .option('--shard <k/n>', 'every n-th point from the k-th on: for sweeps over several machines')
    .option('--report <file>', REPORT)
    .action(async (options: SweepOptions) => {
      const { sweepCommand } = await import('../lab/sweep.command.js');
      print(await sweepCommand(options));
    });
  lab
    .command('stress')
    .description(
      'the book of a running engine, or the one a run ends with, under a grid of moves; distance to insolvency',
    )
    .option('--url <url>', 'of a running engine')
    .option('--key <key>', 'where it asks for one')
    .option('--prices <files...>', PRICE_FILES)
    .addOption(columnOption())
    .addOption(new Option('--bars <n>', 'first rows that are taken').argParser(wholeNumber))
    .option('--cache <folder>', 'where forecasts are kept')
    .addOption(new Option('--seed <n>', 'of the population').argParser(wholeNumber).default(1))
    .addOption(new Option('--set <name=value>', 'a parameter of the lab').argParser(setting).default({}))
    .option('--report <file>', REPORT)
    .option('--json', 'print JSON rather than a table', false)
    .action(async ({ json, ...options }: StressOptions & { json: boolean }) => {
      const { stressCommand, stressTable } = await import('../lab/stress.command.js');
      const report = await stressCommand(options);
      if (json) print(report);
      else printText(stressTable(report));
    });
  withInputs(lab.command('coverage'))
    .description(
      'the engine’s expectations at each horizon of a history beside the outcomes, each with a p-value',
    )
    .addOption(new Option('--seed <n>', 'of the population').argParser(wholeNumber).default(1))
    .option('--picture <file>', 'write the pictures as an SVG')
    .option('--report <file>', REPORT)
    .action(async (options: CoverageOptions) => {
      const { coverageCommand } = await import('../lab/coverage.command.js');
      print(await coverageCommand(options));
    });
}
