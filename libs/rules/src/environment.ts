import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
  const cache = join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'zkrisk');
  const folder = join(cache, `rules-${digest}`);
  const python = join(
    folder,
    ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
  );
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return python;
  mkdirSync(cache, { recursive: true });
  const lock = `${folder}.making`;
  if (!taken(lock)) {
    note(`another process installs Python for rules in ${folder} …`);
    await otherInstallation(complete, lock);
    return python;
  }
  try {
    note(`Python for rules is being installed in ${folder}; this takes minutes, once …`);
    await run(environment.PYTHON ?? 'python3', ['-m', 'venv', '--clear', folder]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
    mkdirSync(complete);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
  return python;
}

/** Whether this process may install: a folder is made by one alone. */
function taken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

/** @throws {RulePythonError} where the other process ends without an environment, or takes longer than half an hour */
async function otherInstallation(complete: string, lock: string): Promise<void> {
  for (let waited = 0; waited < 900; waited++) {
    if (existsSync(complete)) return;
    if (!existsSync(lock))
      throw new RulePythonError('the other installation has failed; run the command again');
    await sleep(2000);
  }
  throw new RulePythonError(
    `${lock} is half an hour old: remove it if nobody installs, and run the command again`,
  );
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
  // The interpreter may abort while it ends: the answer decides.
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
