// Long because it is one list: every promise of the sender, on a real chain.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createWalletClient,
  encodeFunctionData,
  http,
  parseGwei,
  TransactionReceiptNotFoundError,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ChainClient,
  chainClient,
  deployOracle,
  type EmbeddedChain,
  ORACLE_ABI,
  startEmbeddedChain,
  TransactionSender,
} from '#lib/chain';
import { MemoryTransactionStore } from '../support/transaction-store.js';

/** Where the drills' transactions go: every call leaves the transaction's name on the chain, in its calldata. */
const SINK = '0x00000000000000000000000000000000000000aa';

describe('TransactionSender on a chain', () => {
  let chain: EmbeddedChain;
  let client: ChainClient;
  let store: MemoryTransactionStore;
  const account = privateKeyToAccount(`0x${'7'.repeat(64)}`);

  const name = (id: string): `0x${string}` => `0x${Buffer.from(id).toString('hex')}`;
  const sender = (options: Partial<ConstructorParameters<typeof TransactionSender>[4]> = {}) =>
    new TransactionSender(client, account, store, (id) => Promise.resolve({ to: SINK, data: name(id) }), {
      confirmations: 3,
      replaceAfterMs: 60_000,
      highestFeePerGas: parseGwei('500'),
      ...options,
    });
  const rpc = (method: string, ...params: unknown[]) =>
    client.request({ method: method as 'eth_chainId', params: params as never });
  const mine = (blocks: number) => rpc('anvil_mine', `0x${blocks.toString(16)}`);
  const statuses = () => [...store.rows.values()].map(({ status }) => status);

  /** Transactions that the chain has taken from the account: each transaction's name, in order. */
  async function taken(): Promise<string[]> {
    const head = await client.getBlockNumber();
    const found: string[] = [];
    for (let blockNumber = 0n; blockNumber <= head; blockNumber++) {
      const { transactions } = await client.getBlock({ blockNumber, includeTransactions: true });
      for (const { from, to, input } of transactions)
        if (from.toLowerCase() === account.address.toLowerCase() && to === SINK)
          found.push(Buffer.from(input.slice(2), 'hex').toString());
    }
    return found;
  }

  async function until(done: () => Promise<boolean> | boolean, step: () => Promise<unknown>): Promise<void> {
    for (let turn = 0; turn < 200; turn++) {
      if (await done()) return;
      await step();
    }
    throw new Error(`not done: ${JSON.stringify([...store.rows.values()])}`);
  }

  const confirmed = () => statuses().every((status) => status === 'confirmed');

  beforeEach(async () => {
    chain = await startEmbeddedChain({ blockSeconds: 0 });
    client = chainClient(chain.url);
    store = new MemoryTransactionStore();
    await rpc('anvil_setBalance', account.address, '0x56bc75e2d63100000');
  });
  afterEach(() => chain.stop());

  it('sends in order, one after the other, and confirms after so many blocks', async () => {
    store.add('a', 'b', 'c');
    const turns = sender();
    await until(
      () => statuses().every((status) => status !== 'waiting'),
      () => turns.advance(),
    );
    await turns.advance();
    expect(statuses()).not.toContain('refused');
    expect(confirmed()).toBe(false);
    await mine(3);
    expect(await turns.advance()).toBe(false);
    expect(confirmed()).toBe(true);
    expect(await taken()).toEqual(['a', 'b', 'c']);
    for (const { gasUsed, blockNumber } of store.rows.values()) {
      expect(gasUsed).toBeGreaterThan(21_000);
      expect(blockNumber).toBeGreaterThan(0);
    }
  });

  it('killed before or after any write, it goes on where it was: nothing is lost, nothing is done twice', async () => {
    const named: string[] = [];
    for (let crash = 0; crash < 10; crash += 0.5) {
      store = new MemoryTransactionStore();
      // Whatever was sent before has taken its nonces.
      const first = await client.getTransactionCount({ address: account.address });
      const ids = [`x${crash}`, `y${crash}`];
      named.push(...ids);
      store.add(...ids);
      store.crashAt = crash;
      await until(confirmed, async () => {
        await sender()
          .advance()
          .catch((error: unknown) => {
            expect(String(error)).toContain('killed');
          });
        await mine(1);
      });
      expect(await client.getTransactionCount({ address: account.address })).toBe(first + 2);
    }
    expect(await taken()).toEqual(named);
  }, 120_000);

  it('sends again what a reorganisation of three blocks takes back', async () => {
    store.add('a', 'b');
    const turns = sender();
    await until(
      () => statuses().every((status) => status === 'mined'),
      () => turns.advance(),
    );
    await mine(1);
    await rpc('anvil_reorg', 3, []);
    expect(await taken()).toEqual([]);
    await until(confirmed, async () => {
      await turns.advance();
      await mine(1);
    });
    expect(await taken()).toEqual(['a', 'b']);
    expect(await client.getTransactionCount({ address: account.address })).toBe(2);
  });

  it('at its start, offers again what a node has lost that came back from an old state', async () => {
    store.add('a', 'b');
    const snapshot = await rpc('evm_snapshot');
    await until(confirmed, async () => {
      await sender().advance();
      await mine(1);
    });
    await rpc('evm_revert', snapshot);
    const turns = sender();
    await turns.recheck();
    expect(statuses()).toEqual(['sent', 'sent']);
    await until(confirmed, async () => {
      await turns.advance();
      await mine(1);
    });
    expect(await taken()).toEqual(['a', 'b']);
    await turns.recheck();
    expect(confirmed()).toBe(true);
  });

  it('raises the fees of a transaction that is stuck, with the same nonce', async () => {
    await rpc('evm_setAutomine', false);
    store.add('a');
    const turns = sender({ replaceAfterMs: 20 });
    await turns.advance();
    // The chain has become dearer than the offer.
    const [{ attempts: first }] = store.rows.values();
    await rpc('anvil_setNextBlockBaseFeePerGas', `0x${(2n * BigInt(first[0].maxFeePerGas)).toString(16)}`);
    await mine(1);
    expect(await taken()).toEqual([]);
    await until(confirmed, async () => {
      await sleep(25);
      await turns.advance();
      await mine(1);
    });
    const [{ attempts, nonce }] = store.rows.values();
    expect(attempts.length).toBeGreaterThan(1);
    expect(nonce).toBe(0);
    for (let i = 1; i < attempts.length; i++)
      expect(BigInt(attempts[i].maxFeePerGas) * 10n >= BigInt(attempts[i - 1].maxFeePerGas) * 11n).toBe(true);
    expect(await taken()).toEqual(['a']);
    expect(await client.getTransactionCount({ address: account.address })).toBe(1);
  });

  it('waits a spike of fees out, and never pays more than allowed', async () => {
    await rpc('anvil_setNextBlockBaseFeePerGas', `0x${parseGwei('900').toString(16)}`);
    await mine(1);
    store.add('a');
    const turns = sender();
    await turns.advance();
    expect(statuses()).toEqual(['waiting']);
    await rpc('anvil_setNextBlockBaseFeePerGas', `0x${parseGwei('5').toString(16)}`);
    await until(confirmed, async () => {
      await turns.advance();
      await mine(1);
    });
    const [{ attempts }] = store.rows.values();
    expect(attempts.every(({ maxFeePerGas }) => BigInt(maxFeePerGas) <= parseGwei('500'))).toBe(true);
    expect(await taken()).toEqual(['a']);
  });

  it('takes another nonce only when somebody else’s use of its own is final', async () => {
    await rpc('evm_setAutomine', false);
    store.add('a');
    const turns = sender();
    await turns.advance();
    const [{ attempts }] = store.rows.values();
    await rpc('anvil_dropTransaction', attempts[0].hash);
    const wallet = createWalletClient({ account, transport: http(chain.url) });
    await wallet.sendTransaction({ to: account.address, value: 1n, nonce: 0, chain: null });
    await mine(1);
    await turns.advance();
    expect([...store.rows.values()][0].nonce).toBe(0);
    await mine(3);
    await until(confirmed, async () => {
      await turns.advance();
      await mine(1);
    });
    expect([...store.rows.values()][0].nonce).toBe(1);
    expect(await taken()).toEqual(['a']);
  });

  it('does nothing twice whose receipt comes late', async () => {
    store.add('a');
    await sender({ confirmations: 0 }).advance();
    await expect.poll(taken).toEqual(['a']);
    // A node that is behind with its receipts: it counts the transaction, and says it has none.
    let asked = 0;
    const late = Object.create(client, {
      getTransactionReceipt: {
        value: (parameters: { hash: `0x${string}` }) =>
          asked++ < 5
            ? Promise.reject(new TransactionReceiptNotFoundError(parameters))
            : client.getTransactionReceipt(parameters),
      },
    }) as ChainClient;
    const call = () => Promise.resolve({ to: SINK, data: name('a') } as const);
    const options = { confirmations: 0, replaceAfterMs: 60_000, highestFeePerGas: parseGwei('500') };
    const turns = new TransactionSender(late, account, store, call, options);
    for (let turn = 0; turn < 5; turn++) await turns.advance();
    expect(statuses()).toEqual(['sent']);
    await until(confirmed, () => turns.advance());
    expect(await taken()).toEqual(['a']);
  });

  it('says so where a nonce was used by nothing, and sends nothing', async () => {
    await rpc('evm_setAutomine', false);
    store.add('a');
    const turns = sender({ confirmations: 1 });
    await turns.advance();
    const [{ attempts }] = store.rows.values();
    await rpc('anvil_dropTransaction', attempts[0].hash);
    await rpc('anvil_setNonce', account.address, '0x1');
    await mine(3);
    await expect(turns.advance()).rejects.toThrow(`nonce 0 of ${account.address} is used`);
    expect(statuses()).toEqual(['sent']);
    expect(await taken()).toEqual([]);
  });

  it('waits where a call cannot be made for reasons that are not its own', async () => {
    store.add('a');
    let reachable = false;
    const turns = new TransactionSender(
      client,
      account,
      store,
      () =>
        reachable ? Promise.resolve({ to: SINK, data: name('a') }) : Promise.reject(new Error('no database')),
      { confirmations: 0, replaceAfterMs: 1000, highestFeePerGas: parseGwei('500') },
    );
    await expect(turns.advance()).rejects.toThrow('no database');
    expect(statuses()).toEqual(['waiting']);
    reachable = true;
    await until(confirmed, () => turns.advance());
    expect(await taken()).toEqual(['a']);
  });

  it('says why the chain refuses a call, and sends nothing', async () => {
    const deployment = await deployOracle(chain.url, account, {
      alpha: 0.01,
      delaySeconds: 0,
      freshnessSeconds: 60,
      margins: { lowest: 0.001, highest: 1, step: 0.1, velocity: 0.01, blocks: 10 },
    });
    const before = await client.getTransactionCount({ address: account.address });
    store.add('publish');
    const epoch = { number: 1n, bar: 1n, unit: 1n, before: [], bars: [], book: '0x' } as const;
    const data = encodeFunctionData({ abi: ORACLE_ABI, functionName: 'publish', args: [epoch] });
    const options = { confirmations: 0, replaceAfterMs: 1000, highestFeePerGas: parseGwei('500') };
    await new TransactionSender(
      client,
      account,
      store,
      () => Promise.resolve({ to: deployment.oracle, data }),
      options,
    ).advance();
    const [{ status, reason }] = store.rows.values();
    expect({ status, reason }).toEqual({ status: 'refused', reason: 'NothingInstalled()' });
    expect(await client.getTransactionCount({ address: account.address })).toBe(before);
  });
});

describe('TransactionSender and a node that is restarted', () => {
  it('goes on when it is back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zkrisk-chain-'));
    const stateFile = join(folder, 'chain.json');
    let chain = await startEmbeddedChain({ blockSeconds: 0, stateFile });
    const port = Number(new URL(chain.url).port);
    const account = privateKeyToAccount(chain.privateKey);
    const client = chainClient(chain.url);
    const store = new MemoryTransactionStore();
    const turns = new TransactionSender(
      client,
      account,
      store,
      () => Promise.resolve({ to: SINK, data: '0x01' }),
      { confirmations: 1, replaceAfterMs: 60_000, highestFeePerGas: parseGwei('500') },
    );
    try {
      store.add('a', 'b');
      await turns.advance();
      await chain.stop();
      await expect(turns.advance()).rejects.toThrow();
      chain = await startEmbeddedChain({ blockSeconds: 0, stateFile, port });
      for (
        let turn = 0;
        turn < 20 && [...store.rows.values()].some(({ status }) => status !== 'confirmed');
        turn++
      ) {
        await turns.advance();
        await client.request({ method: 'anvil_mine' as 'eth_chainId', params: ['0x1'] as never });
      }
      expect([...store.rows.values()].map(({ status, nonce }) => ({ status, nonce }))).toEqual([
        { status: 'confirmed', nonce: 0 },
        { status: 'confirmed', nonce: 1 },
      ]);
      expect(await client.getTransactionCount({ address: account.address })).toBe(2);
    } finally {
      await chain.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
