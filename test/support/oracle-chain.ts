import { type Address, createWalletClient, encodeFunctionData, type Hex, http, zeroAddress } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import {
  type ChainClient,
  chainClient,
  type Deployment,
  deployOracle,
  type EmbeddedChain,
  marketBytes,
  minedReceipt,
  ORACLE_ABI,
  PRICE_SOURCE_ABI,
  revertReason,
  signReport,
  startEmbeddedChain,
  submission,
} from '#lib/chain';
import { messageOf } from '#lib/errors';
import { type BarInput, LAYOUTS } from '#lib/proofs';
import { MARGIN_RAILS } from '#lib/risk';

export const BAR_SECONDS = 3600n;
/** End of the bar that a model's state is of. */
export const STATE_BAR = 1_700_000_000n - (1_700_000_000n % BAR_SECONDS);
/** End of the first bar that is published. */
export const PUBLISHED_BAR = STATE_BAR + BAR_SECONDS;

type Change = 'installVerifiers' | 'installModel' | 'installBinding';

export interface OracleChainOptions {
  /** between a proposal and its change (default 0) */
  readonly delaySeconds?: number;
  /** whether books are bound to accounts (default true) */
  readonly bound?: boolean;
  /** α of the oracle (default 0.01) */
  readonly alpha?: number;
}

/** A chain of its own with an oracle whose every duty is the test's. */
export class OracleChain {
  readonly account: ReturnType<typeof privateKeyToAccount>;
  readonly client: ChainClient;

  private constructor(
    readonly chain: EmbeddedChain,
    readonly deployment: Deployment,
    private readonly delaySeconds: number,
  ) {
    this.account = privateKeyToAccount(chain.privateKey);
    this.client = chainClient(chain.url, { pollingIntervalMs: 50 });
  }

  static async start({
    delaySeconds = 0,
    bound = true,
    alpha = 0.01,
  }: OracleChainOptions = {}): Promise<OracleChain> {
    const chain = await startEmbeddedChain({ blockSeconds: 0 });
    const terms = { alpha, delaySeconds, freshnessSeconds: 2 ** 31, margins: MARGIN_RAILS };
    const deployment = await deployOracle(chain.url, privateKeyToAccount(chain.privateKey), terms);
    const started = new OracleChain(chain, deployment, delaySeconds);
    if (!bound) await started.install('installBinding', [zeroAddress]);
    return started;
  }

  get url(): string {
    return this.chain.url;
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
    const { status, gasUsed } = await minedReceipt(this.client, hash, { pollMs: 20 });
    if (status !== 'success') throw new Error(`${functionName} was mined and failed`);
    return Number(gasUsed);
  }

  /** {@link call} of the oracle. */
  ask(functionName: string, args: readonly unknown[]): Promise<number | string> {
    return this.call(this.deployment.oracle, ORACLE_ABI, functionName, args);
  }

  /** A call of the oracle that must succeed. */
  async oracle(functionName: string, args: readonly unknown[]): Promise<void> {
    const found = await this.ask(functionName, args);
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

  /**
   * Installs the model that proofs of a bar are of, with the states they start from.
   *
   * @param instances of each part's proof
   * @param markets of each part
   * @param stateBar end of the bar before the first one
   */
  installModel(
    instances: readonly (readonly bigint[])[],
    markets: readonly (readonly string[])[],
    stateBar = STATE_BAR,
  ): Promise<void> {
    const { modelCommitment, stateCommitment } = LAYOUTS.bar.values;
    const parts = instances.map((values, part) => ({
      model: values[modelCommitment.first],
      state: values[stateCommitment.first],
      markets: markets[part].map(marketBytes),
    }));
    return this.install('installModel', [
      { parts, stateBar, barSeconds: Number(BAR_SECONDS), horizonBars: 24 },
    ]);
  }

  /**
   * Has the price source hold closing prices.
   *
   * @param bar its end, seconds since 1970
   * @param prices decimals, one a market
   */
  async holdPrices(bar: bigint, markets: readonly string[], prices: readonly string[]): Promise<void> {
    const { chainId, prices: address } = this.deployment;
    const quoted = markets.map((market, i) => ({ market, price: prices[i] }));
    const report = await signReport(this.account, { chainId, address }, { bar, prices: quoted });
    const args = submission(bar, markets, [report], 1)!;
    const sent = await this.call(address, PRICE_SOURCE_ABI, 'submit', args);
    if (typeof sent === 'string') throw new Error(`submit: ${sent}`);
  }

  /** Prices before and at the end of the published bar, whose returns are those of a bar's input. */
  async holdReturns(markets: readonly string[], { returns }: Pick<BarInput, 'returns'>): Promise<void> {
    for (const bar of [STATE_BAR, PUBLISHED_BAR])
      await this.holdPrices(
        bar,
        markets,
        markets.map((_, i) => (100 * Math.exp((bar === STATE_BAR ? 0 : returns[i]) / 100)).toFixed(18)),
      );
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
