import {
  type Address,
  BaseError,
  type Hex,
  keccak256,
  parseTransaction,
  recoverTransactionAddress,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
} from 'viem';
import type { ChainClient } from '#lib/chain';

interface Included {
  readonly hash: Hex;
  readonly from: Address;
  readonly nonce: number;
  readonly to: Address;
  readonly input: Hex;
  readonly gas: bigint;
  readonly reverts: boolean;
}

interface FakeBlock {
  readonly number: bigint;
  readonly hash: Hex;
  readonly transactions: readonly Included[];
}

/** A node's answer to one call, in place of its own. */
type Answer = (asked: Readonly<Record<string, unknown>>) => unknown;

/**
 * A chain in memory with the rules that a sender meets: one transaction for each nonce, in order; a replacement pays a tenth
 * more in both fees; blocks take transactions that pay their base fee; a reorganisation takes blocks back.
 */
export class FakeChain {
  readonly chainId = 31337;
  baseFee: bigint | null = 100n;
  tip = 10n;
  gasEstimate = 50_000n;
  /** raw transactions in the order in which they were offered */
  readonly offered: Hex[] = [];
  /** replaces answers of the node by method */
  readonly answers: Partial<Record<string, Answer>> = {};
  private blocks: FakeBlock[] = [{ number: 0n, hash: keccak256('0x00'), transactions: [] }];
  private pending: (Included & { readonly maxFee: bigint; readonly tip: bigint })[] = [];
  private reverting = new Set<Hex>();

  get client(): ChainClient {
    const own = this.methods();
    const asked = Object.fromEntries(
      Object.entries(own).map(([name, method]) => [
        name,
        async (...args: never[]): Promise<unknown> => {
          const answer = this.answers[name];
          return answer === undefined ? await method(...args) : await answer(args[0] ?? {});
        },
      ]),
    );
    return asked as unknown as ChainClient;
  }

  /** Makes blocks; each takes the pending transactions, in order of nonces. */
  mine(blocks = 1): void {
    for (; blocks > 0; blocks--) {
      const number = BigInt(this.blocks.length);
      const transactions: Included[] = [];
      const ready = () =>
        this.pending.find(
          ({ from, nonce, maxFee }) =>
            maxFee >= (this.baseFee ?? 0n) &&
            nonce === this.used(from) + transactions.filter((each) => each.from === from).length,
        );
      for (let next = ready(); next !== undefined; next = ready()) {
        transactions.push({ ...next, reverts: this.reverting.has(next.hash) });
        this.pending = this.pending.filter((each) => each !== next);
      }
      this.blocks.push({
        number,
        hash: keccak256(`0x${number.toString(16).padStart(64, '0')}`),
        transactions,
      });
    }
  }

  /** Takes the newest blocks back, with the transactions in them. */
  takeBack(blocks: number): void {
    this.blocks = this.blocks.slice(0, -blocks);
  }

  /** A transaction by somebody else with the same key. */
  include(from: Address, nonce: number): Hex {
    const hash = keccak256(`${from}${(nonce + 1000).toString(16).padStart(64, '0')}`);
    const foreign = { hash, from, nonce, to: from, input: '0x', gas: 21_000n, reverts: false } as const;
    this.blocks.push({ number: BigInt(this.blocks.length), hash, transactions: [foreign] });
    this.pending = this.pending.filter((each) => each.from !== from || each.nonce !== nonce);
    return hash;
  }

  dropPending(): void {
    this.pending = [];
  }

  revert(hash: Hex): void {
    this.reverting.add(hash);
  }

  /** Calldata of everything in blocks. */
  taken(): Hex[] {
    return this.blocks.flatMap(({ transactions }) => transactions.map(({ input }) => input));
  }

  private used(address: Address, upTo = this.blocks.length): number {
    return this.blocks
      .slice(0, upTo)
      .flatMap(({ transactions }) => transactions)
      .filter(({ from }) => from === address).length;
  }

  private find(hash: Hex): { block: FakeBlock; transaction: Included } | undefined {
    for (const block of this.blocks)
      for (const transaction of block.transactions)
        if (transaction.hash === hash) return { block, transaction };
    return undefined;
  }

  private methods(): Record<string, (...args: never[]) => unknown> {
    return {
      getChainId: () => this.chainId,
      getBlockNumber: () => BigInt(this.blocks.length - 1),
      estimateGas: () => this.gasEstimate,
      estimateMaxPriorityFeePerGas: () => this.tip,
      getTransactionCount: ({ address, blockNumber }: { address: Address; blockNumber?: bigint }) =>
        this.used(address, blockNumber === undefined ? undefined : Number(blockNumber) + 1),
      getBlock: ({
        blockNumber,
        includeTransactions = false,
      }: {
        blockNumber?: bigint;
        includeTransactions?: boolean;
      }) => {
        const block = this.blocks[Number(blockNumber ?? this.blocks.length - 1)];
        const transactions = includeTransactions
          ? block.transactions
          : block.transactions.map(({ hash }) => hash);
        return { ...block, transactions, baseFeePerGas: this.baseFee };
      },
      sendRawTransaction: async ({ serializedTransaction: raw }: { serializedTransaction: Hex }) => {
        this.offered.push(raw);
        await this.take(raw);
      },
      getTransactionReceipt: ({ hash }: { hash: Hex }) => {
        const found = this.find(hash);
        if (found === undefined) throw new TransactionReceiptNotFoundError({ hash });
        return {
          ...{ transactionHash: hash, blockNumber: found.block.number, blockHash: found.block.hash },
          ...{ gasUsed: 40_000n, status: found.transaction.reverts ? 'reverted' : 'success' },
        };
      },
      getTransaction: ({ hash }: { hash: Hex }) => {
        const found = this.find(hash);
        if (found === undefined) throw new TransactionNotFoundError({ hash });
        return found.transaction;
      },
      call: () => ({ data: '0x' }),
    };
  }

  private async take(raw: Hex): Promise<void> {
    const hash = keccak256(raw);
    const { nonce = 0, to, data = '0x', gas, ...fees } = parseTransaction(raw as `0x02${string}`);
    const [maxFee, tip] = [fees.maxFeePerGas!, fees.maxPriorityFeePerGas ?? 0n];
    const from = await recoverTransactionAddress({ serializedTransaction: raw as `0x02${string}` });
    if (nonce < this.used(from)) throw new BaseError('nonce too low');
    const rival = this.pending.find((each) => each.from === from && each.nonce === nonce);
    if (rival?.hash === hash) throw new BaseError('already known');
    if (rival !== undefined && (maxFee * 10n < rival.maxFee * 11n || tip * 10n < rival.tip * 11n))
      throw new BaseError('replacement transaction underpriced');
    this.pending = this.pending.filter((each) => each !== rival);
    this.pending.push({ hash, from, nonce, to: to!, input: data, gas: gas!, reverts: false, maxFee, tip });
  }
}
