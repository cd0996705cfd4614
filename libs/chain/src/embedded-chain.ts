import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '#lib/runtime';
import { ChainError } from './errors.js';

/** A chain in a process beside this one: Foundry's anvil, from npm. For trying things out; it proves nothing to anyone. */
export interface EmbeddedChain {
  readonly url: string;
  /** of the first of its funded accounts; known to everyone */
  readonly privateKey: `0x${string}`;
  /** whether it was running before it was asked for */
  readonly found: boolean;
  stop(): Promise<void>;
}

/** Derived from the mnemonic that anvil publishes: "test test test … junk". */
const KNOWN_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';

/** Of the second of its accounts, for whoever must not disturb the nonces of the first. */
export const SECOND_EMBEDDED_KEY = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';

export interface EmbeddedChainOptions {
  /** file its state is kept in; without one it starts anew */
  readonly stateFile?: string;
  /** seconds between blocks; 0: one block a transaction */
  readonly blockSeconds?: number;
  readonly port?: number;
  /** further arguments of anvil */
  readonly arguments?: readonly string[];
}

/** @throws {ChainError} where anvil is not there for this platform, or does not answer */
export async function startEmbeddedChain(options: EmbeddedChainOptions = {}): Promise<EmbeddedChain> {
  const { stateFile, blockSeconds = 1 } = options;
  const processFile = stateFile === undefined ? undefined : `${stateFile}.process`;
  const left = processFile === undefined ? undefined : await leftRunning(processFile);
  if (left !== undefined) return left;
  if (stateFile !== undefined) mkdirSync(dirname(stateFile), { recursive: true });
  const port = options.port ?? (await freePort());
  const child = spawn(
    anvilBinary(),
    [
      ...['--port', String(port), '--host', '127.0.0.1', '--silent'],
      ...(blockSeconds > 0 ? ['--block-time', String(blockSeconds), '--mixed-mining'] : []),
      ...(stateFile === undefined ? [] : ['--state', stateFile, '--state-interval', '5']),
      ...(options.arguments ?? []),
    ],
    { stdio: 'ignore' },
  );
  const orphan = () => child.kill('SIGKILL');
  process.once('exit', orphan);
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    process.removeListener('exit', orphan);
    await stopped(child, url);
  };
  try {
    await answering(url, child);
  } catch (error) {
    await stop();
    throw error;
  }
  if (processFile !== undefined) writeFileSync(processFile, JSON.stringify({ pid: child.pid, url }));
  return {
    url,
    privateKey: KNOWN_KEY,
    found: false,
    async stop() {
      await stop();
      if (processFile !== undefined) rmSync(processFile, { force: true });
    },
  };
}

/** A chain whose owner was killed goes on by itself: it is taken over, so that no block is lost. */
async function leftRunning(processFile: string): Promise<EmbeddedChain | undefined> {
  if (!existsSync(processFile)) return undefined;
  const { pid, url } = JSON.parse(readFileSync(processFile, 'utf8')) as { pid: number; url: string };
  if (!(await answers(url))) return undefined;
  const running = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  return {
    url,
    privateKey: KNOWN_KEY,
    found: true,
    async stop() {
      await quiet(url);
      // It writes its state when it is asked to end.
      if (running()) process.kill(pid, 'SIGTERM');
      for (let attempt = 0; attempt < 100 && running(); attempt++) await sleep(50);
      rmSync(processFile, { force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] });
    return (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).ok;
  } catch {
    return false;
  }
}

function anvilBinary(): string {
  const require = createRequire(import.meta.url);
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = `@foundry-rs/anvil-${process.platform}-${arch}`;
  try {
    const folder = dirname(require.resolve(`${name}/package.json`));
    return join(folder, 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil');
  } catch {
    throw new ChainError(
      `there is no embedded chain for this platform (${name}); CHAIN_RPC_URL takes another`,
    );
  }
}

/**
 * Lets it finish the block it is making. Asked to end in the midst of one, anvil writes the accounts with its transactions and
 * the chain without the block: nonces would be used by nothing. A block of its own waits for the other, and no more come.
 */
async function quiet(url: string): Promise<void> {
  const calls = [
    { method: 'evm_setAutomine', params: [false] },
    { method: 'evm_setIntervalMining', params: [0] },
    { method: 'evm_mine', params: [] },
  ];
  try {
    for (const call of calls) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...call });
      await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    }
  } catch {
    // It has ended already.
  }
}

async function stopped(child: ChildProcess, url: string): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  await quiet(url);
  // It writes its state when it is asked to end.
  child.kill('SIGTERM');
  const killed = sleep(5000, undefined, { ref: false }).then(() => child.kill('SIGKILL'));
  await Promise.race([exit, killed]);
  await exit;
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new ChainError(`anvil ended with code ${child.exitCode}`);
    if (await answers(url)) return;
    await sleep(50);
  }
  throw new ChainError('anvil does not answer');
}
