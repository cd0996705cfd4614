import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ZkriskError } from '#lib/errors';

/** Python that is not there, or that failed at something it should be able to do. */
export class RulePythonError extends ZkriskError {
  readonly code = 'rule-python';
}

/** A rule that a circuit cannot hold, and why. */
export class RuleRefusedError extends ZkriskError {
  readonly code = 'rule-refused';
}

/** Sources of the compiler and templates of rules. */
export const RULES = join(import.meta.dirname, '..', '..', '..', '..', 'rules');

/**
 * The Python of rules: ZKRISK_RULES_PYTHON, or an environment made once for the pinned requirements and kept in the user's cache (a
 * gigabyte).
 *
 * @param note told that it is being made
 * @throws {RulePythonError} where it cannot be made
 */
export async function rulesPython(
  note: (text: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  if (environment.ZKRISK_RULES_PYTHON !== undefined) return environment.ZKRISK_RULES_PYTHON;
  const requirements = join(RULES, 'requirements.txt');
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const cache = environment.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'zkrisk', `rules-${digest}`);
  const python = join(
    folder,
    ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
  );
  if (existsSync(join(folder, 'complete'))) return python;
  note(`Python for rules is being installed in ${folder}; this takes minutes, once …`);
  mkdirSync(folder, { recursive: true });
  const host = environment.PYTHON ?? 'python3';
  await run(host, ['-m', 'venv', '--clear', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  const mark = join(folder, `complete.${process.pid}`);
  mkdirSync(mark);
  renameSync(mark, join(folder, 'complete'));
  return python;
}

/**
 * Runs a command of `rules/zkrules` and returns its answer.
 *
 * @throws {RuleRefusedError} for a rule that cannot be proven
 * @throws {RulePythonError} where the process fails
 */
export async function askRules<Answer>(
  args: readonly string[],
  note: (text: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Answer> {
  const python = await rulesPython(note, environment);
  const path = [RULES, environment.PYTHONPATH].filter((part) => part !== undefined).join(delimiter);
  const progress = (text: string) => {
    for (const line of text.split('\n')) if (line.startsWith('zkrules: ')) note(line.slice(9));
  };
  const { output, complaints } = await run(
    python,
    ['-m', 'zkrules', ...args],
    { ...environment, PYTHONPATH: path, JAX_PLATFORMS: 'cpu', PYTHONDONTWRITEBYTECODE: '1' },
    progress,
  );
  // The interpreter may abort while it ends: what counts is the answer.
  const answer = output.split('\n').findLast((line) => line.startsWith('{'));
  if (answer === undefined)
    throw new RulePythonError(`zkrules ${args[0]} did not answer: ${complaints.slice(-2000).trim()}`);
  const parsed = JSON.parse(answer) as { refused?: string };
  if (parsed.refused !== undefined) throw new RuleRefusedError(parsed.refused);
  return parsed as Answer;
}

async function run(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
  progress?: (text: string) => void,
): Promise<{ output: string; complaints: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-8000);
    progress?.(text);
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => {
      reject(new RulePythonError(`${command} cannot be run: ${error.message}`));
    });
    child.once('close', resolve);
  });
  if (status !== 0 && progress === undefined)
    throw new RulePythonError(`${command} ${args.join(' ')} failed: ${complaints.slice(-2000).trim()}`);
  return { output, complaints };
}
