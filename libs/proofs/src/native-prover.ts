import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ZkriskError } from '#lib/errors';
import { type Artifacts, CIRCUITS } from './artifacts.js';
import { keysFolder, type ProverOptions } from './engine-prover.js';
import { CircuitProver, type CircuitResult, type CircuitWork } from './prover.js';
import { writeWhole } from './whole-file.js';

/** A Python process that failed. */
export class NativeProverError extends ZkriskError {
  readonly code = 'native-prover';
}

/** The interpreter with native ezkl: ZKRISK_NATIVE_PYTHON, or the one `npm run circuits` makes; undefined where there is none. */
export function nativePython(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const given = environment.ZKRISK_NATIVE_PYTHON;
  if (given !== undefined) return given;
  const made = join(
    CIRCUITS,
    '.venv',
    ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
  );
  return existsSync(made) ? made : undefined;
}

/** Prover on native ezkl, a process a proof, with the engine's artifacts and keys: several times as fast. */
export class NativeProver extends CircuitProver {
  private readonly running = new Set<AbortController>();

  constructor(
    private readonly python: string,
    private readonly options: ProverOptions = {},
    environment: NodeJS.ProcessEnv = process.env,
  ) {
    super(environment);
  }

  close(): Promise<void> {
    for (const controller of this.running) controller.abort();
    return Promise.resolve();
  }

  protected async hash(row: readonly string[]): Promise<string> {
    const { hash } = (await this.ask({ kind: 'commit', values: row })) as { hash: string };
    return hash;
  }

  protected async work(artifacts: Artifacts, work: CircuitWork): Promise<CircuitResult> {
    const folder = keysFolder(this.options, this.environment);
    mkdirSync(folder, { recursive: true });
    const path = (name: string) => join(folder, `${artifacts.digest}.${name}`);
    // The process reads files; artifacts may have come from anywhere.
    const files = { circuit: artifacts.circuit, settings: artifacts.settings, srs: artifacts.srs };
    for (const [name, bytes] of Object.entries(files))
      if (!existsSync(path(name))) writeWhole(path(name), bytes);
    return (await this.ask({ ...work, prefix: join(folder, artifacts.digest) })) as CircuitResult;
  }

  private ask(request: object): Promise<unknown> {
    const controller = new AbortController();
    this.running.add(controller);
    return new Promise<unknown>((resolve, reject) => {
      const child = spawn(this.python, [join(CIRCUITS, 'native.py')], {
        stdio: ['pipe', 'pipe', 'pipe'],
        signal: controller.signal,
      });
      let output = '';
      let complaints = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      child.stderr
        .setEncoding('utf8')
        .on('data', (text: string) => (complaints = (complaints + text).slice(-2000)));
      child.on('error', reject);
      child.on('close', () => {
        // The interpreter may abort after its answer is written: the answer decides.
        const answer = output.split('\n').find((line) => line.startsWith('{'));
        if (answer === undefined)
          reject(new NativeProverError(`native ezkl did not answer: ${complaints.trim()}`));
        else resolve(JSON.parse(answer));
      });
      child.stdin.on('error', () => undefined);
      child.stdin.end(JSON.stringify(request));
    }).finally(() => this.running.delete(controller));
  }
}
