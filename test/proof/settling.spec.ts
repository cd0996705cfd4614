import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { auditOracle, parseDeployment, startEmbeddedChain } from '#lib/chain';
import { createProver } from '#lib/proofs';
import { narrowMargins } from '../support/narrow-margins.js';

const main = join(import.meta.dirname, '..', '..', 'apps/zkrisk/src/main.js');
const directory = mkdtempSync(join(tmpdir(), 'zkrisk-settling-'));

interface Report {
  readonly settlement: {
    readonly srs: string;
    readonly epochs: readonly {
      readonly number: number | null;
      readonly status: string;
      readonly chained: boolean;
      readonly offChain: number;
      readonly onChain: number | null;
      readonly gas: number;
    }[];
    readonly liquidations: { readonly attested: number; readonly failed: number };
  };
}

/** A replay that proves and settles two consecutive bars, as its own process. */
function replay(): { child: ChildProcess; said: () => string } {
  const child = spawn(
    process.execPath,
    [
      ...[main, '--once', '--bars', '90', '--seed', '3', '--trades', '4', '--liquidity', '300000'],
      ...['--settle-every', '1000', '--settle-run', '2', '--report', join(directory, 'report')],
    ],
    {
      env: {
        ...process.env,
        ZKRISK_DATA_DIR: directory,
        PORT: '0',
        LOG_LEVEL: 'info',
        // Both bars are of one model.
        ...narrowMargins({ refitEveryBars: 1000 }),
        CHAIN_CONFIRMATIONS: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return { child, said: () => output };
}

async function saying({ child, said }: ReturnType<typeof replay>, what: RegExp): Promise<void> {
  while (!what.test(said())) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said().slice(-3000)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a replay that settles', () => {
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('killed while it proves and while it sends, settles each epoch once, and a stranger agrees', async () => {
    for (const moment of [/bar-0: proven/, /"prices-epoch-\d+: block/]) {
      const running = replay();
      await saying(running, moment);
      running.child.kill('SIGKILL');
      await once(running.child, 'exit');
    }
    const last = replay();
    const [code] = (await once(last.child, 'exit')) as [number | null];
    expect(code, last.said().slice(-3000)).toBe(0);
    const { settlement } = JSON.parse(
      readFileSync(join(directory, 'report', 'report.json'), 'utf8'),
    ) as Report;
    expect(settlement.srs).toBe('development');
    expect(settlement.epochs.map(({ number, status, chained }) => ({ number, status, chained }))).toEqual([
      { number: 1, status: 'settled', chained: false },
      { number: 2, status: 'settled', chained: true },
    ]);
    for (const { offChain, onChain, gas } of settlement.epochs) {
      expect(Math.abs(onChain! - offChain)).toBeLessThan(1e-3 * offChain + 0.01);
      expect(gas).toBeGreaterThan(1_000_000);
    }
    // Whether a plan falls into one of two proven bars is the market's doing: settlement.spec.ts attests one.
    expect(settlement.liquidations.failed).toBe(0);
    expect(existsSync(join(directory, 'chain.json.process'))).toBe(false);

    const deployment = parseDeployment(JSON.parse(readFileSync(join(directory, 'deployment.json'), 'utf8')));
    const chain = await startEmbeddedChain({ stateFile: join(directory, 'chain.json') });
    const prover = createProver();
    try {
      const audit = await auditOracle(chain.url, deployment.oracle, prover);
      expect(audit.holds, JSON.stringify(audit)).toBe(true);
      expect(audit.epochs).toHaveLength(2);
    } finally {
      await prover.close();
      await chain.stop();
    }
  }, 900_000);
});
