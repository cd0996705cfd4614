import { type Address, createWalletClient, encodeFunctionData, type Hex, http, zeroAddress } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import {
  type ChainClient,
  chainClient,
  type Deployment,
  deployOracle,
  type EmbeddedChain,
  ORACLE_ABI,
  PRICE_SOURCE_ABI,
  revertReason,
  signReport,
  startEmbeddedChain,
  submission,
} from '#lib/chain';
import { messageOf } from '#lib/errors';
import type { BarInput } from '#lib/proofs';

export const BAR_SECONDS = 3600n;
/** End of the bar that a model's state is of. */
export const STATE_BAR = 1_700_000_000n - (1_700_000_000n % BAR_SECONDS);
/** End of the one bar that is published. */
export const PUBLISHED_BAR = STATE_BAR + BAR_SECONDS;

type Change = 'installVerifiers' | 'installModel' | 'installBinding';

/** A chain with an oracle whose every duty is the test's; its book is bound to no accounts, which has a spec of its own. */
export class OracleChain {
  readonly account: ReturnType<typeof privateKeyToAccount>;
  readonly client: ChainClient;

  private constructor(
    readonly chain: EmbeddedChain,
    readonly deployment: Deployment,
    private readonly delaySeconds: number,
  ) {
    this.account = privateKeyToAccount(chain.privateKey);
    this.client = chainClient(chain.url);
  }

  static async start(delaySeconds = 0): Promise<OracleChain> {
    const chain = await startEmbeddedChain({ blockSeconds: 0 });
    const terms = {
      ...{ alpha: 0.01, delaySeconds, freshnessSeconds: 2 ** 31 },
      margins: { lowest: 0.001, highest: 1, step: 0.05, velocity: 0.002, blocks: 50 },
    };
    const deployment = await deployOracle(chain.url, privateKeyToAccount(chain.privateKey), terms);
    const started = new OracleChain(chain, deployment, delaySeconds);
    await started.install('installBinding', [zeroAddress]);
    return started;
  }

  stop(): Promise<void> {
    return this.chain.stop();
  }

  /** @returns gas used, or why the contract refuses the call */
  async call(
    address: Address,
    abi: readonly unknown[],
    functionName: string,
    args: readonly unknown[],
  ): Promise<number | string> {
    const request = { address, abi, functionName, args } as never;
    try {
      await this.client.simulateContract({ ...(request as object), account: this.account } as never);
    } catch (error) {
      return revertReason(error) ?? messageOf(error);
    }
    const wallet = createWalletClient({ account: this.account, transport: http(this.chain.url) });
    const hash = await wallet.writeContract({ ...(request as object), chain: null } as never);
    return Number((await this.client.waitForTransactionReceipt({ hash })).gasUsed);
  }

  /** A call of the oracle that must succeed. */
  async oracle(functionName: string, args: readonly unknown[]): Promise<void> {
    const found = await this.call(this.deployment.oracle, ORACLE_ABI, functionName, args);
    if (typeof found === 'string') throw new Error(`${functionName}: ${found}`);
  }

  async propose(change: Change, args: readonly unknown[]): Promise<void> {
    const data = encodeFunctionData({ abi: ORACLE_ABI, functionName: change, args: args as [Address] });
    await this.oracle('propose', [data]);
  }

  /** Proposes a change, waits for its delay on the chain's clock, and makes it. */
  async install(change: Change, args: readonly unknown[]): Promise<void> {
    await this.propose(change, args);
    const raw = (method: string, params: unknown[]) =>
      this.client.request({ method: method as 'eth_chainId', params: params as never });
    await raw('evm_increaseTime', [this.delaySeconds + 1]);
    await raw('evm_mine', []);
    await this.oracle(change, args);
  }

  /** Prices before and at the end of the published bar, whose returns are those of a bar's input. */
  async holdPrices(markets: readonly string[], { returns }: Pick<BarInput, 'returns'>): Promise<void> {
    const { chainId, prices } = this.deployment;
    for (const bar of [STATE_BAR, PUBLISHED_BAR]) {
      const quoted = markets.map((market, i) => ({
        market,
        price: (100 * Math.exp((bar === STATE_BAR ? 0 : returns[i]) / 100)).toFixed(18),
      }));
      const report = await signReport(this.account, { chainId, address: prices }, { bar, prices: quoted });
      const sent = await this.call(
        prices,
        PRICE_SOURCE_ABI,
        'submit',
        submission(bar, markets, [report], 1)!,
      );
      if (typeof sent === 'string') throw new Error(`submit: ${sent}`);
    }
  }

  /** Publishes the first epoch: one part, the published bar. */
  publish(bar: { readonly proof: Hex; readonly instances: readonly bigint[] }): Promise<void> {
    const epoch = {
      number: 1n,
      bar: PUBLISHED_BAR,
      unit: 2n * 10n ** 18n,
      before: [],
      bars: [bar],
      book: '0x',
    };
    return this.oracle('publish', [epoch]);
  }
}
