import { type Address, parseAbi } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { type ChainClient, chainClient } from './chain-client.js';
import { type EmbeddedChain, startEmbeddedChain } from './embedded-chain.js';
import { ChainError } from './errors.js';
import { PRICE_SOURCE_ABI } from './oracle-abi.js';
import { POOL_ABI } from './pool-abi.js';
import { signReport, submission } from './price-reports.js';
import { Transactor } from './transactor.js';

const TOKEN_ABI = parseAbi([
  'function mint(address to, uint256 amount)',
  'function approve(address spender, uint256 amount) returns (bool)',
]);
const PLENTY = 10n ** 30n;

/** A chain of its own to try pools on: tokens that stand for markets, prices it signs itself, the verifier; time goes bar by bar. */
export class PoolSandbox {
  /** end of the bar in force, seconds since 1970 */
  bar = 0n;

  private constructor(
    private readonly chain: EmbeddedChain,
    readonly transactor: Transactor,
    readonly markets: readonly string[],
    readonly tokens: readonly Address[],
    readonly prices: Address,
    readonly halo2: Address,
    private readonly barSeconds: bigint,
  ) {}

  /** @throws {ChainError} where anvil is not there for this platform, or a transaction fails */
  static async start(markets: readonly string[], barSeconds = 3600): Promise<PoolSandbox> {
    const chain = await startEmbeddedChain({ blockSeconds: 0 });
    try {
      const account = privateKeyToAccount(chain.privateKey);
      const transactor = new Transactor(chain.url, account);
      const { address } = account;
      const halo2 = await transactor.deploy('Halo2VerifierReusable');
      const prices = await transactor.deploy('MedianPriceSource', [
        address,
        address,
        address,
        0,
        [address],
        1,
      ]);
      const tokens: Address[] = [];
      for (const market of markets) {
        const token = await transactor.deploy('DemoToken', [market]);
        await transactor.call(token, TOKEN_ABI, 'mint', [address, PLENTY]);
        tokens.push(token);
      }
      const seconds = BigInt(barSeconds);
      const started = new PoolSandbox(chain, transactor, markets, tokens, prices, halo2, seconds);
      const { timestamp } = await started.client.getBlock();
      started.bar = timestamp - (timestamp % seconds);
      return started;
    } catch (error) {
      await chain.stop();
      throw error;
    }
  }

  get url(): string {
    return this.chain.url;
  }

  get client(): ChainClient {
    return this.transactor.client;
  }

  get privateKey(): `0x${string}` {
    return this.chain.privateKey;
  }

  /** The next bar is over, and so many blocks have passed. Its prices are `quoted`. */
  async nextBar(quoted: readonly number[], blocks = 300): Promise<void> {
    this.bar += this.barSeconds;
    const raw = (method: string, params: unknown[]) =>
      chainClient(this.url).request({ method: method as 'eth_chainId', params: params as never });
    await raw('evm_setNextBlockTimestamp', [Number(this.bar) + 60]);
    await raw('anvil_mine', [`0x${blocks.toString(16)}`, '0x0']);
    const chainId = await this.client.getChainId();
    const prices = this.markets.map((market, i) => ({ market, price: quoted[i].toFixed(12) }));
    const source = { chainId, address: this.prices };
    const report = await signReport(this.transactor.account, source, { bar: this.bar, prices });
    const args = submission(this.bar, this.markets, [report], 1);
    if (args === undefined) throw new ChainError('a report that its own signer has not signed');
    await this.transactor.call(this.prices, PRICE_SOURCE_ABI, 'submit', args);
  }

  /** The first deposit of a pool, 18 decimals. */
  async fill(pool: Address, amounts: readonly bigint[]): Promise<void> {
    for (const token of this.tokens) await this.transactor.call(token, TOKEN_ABI, 'approve', [pool, PLENTY]);
    await this.transactor.call(pool, POOL_ABI, 'start', [amounts]);
  }

  /** The weights of this block. */
  async weights(pool: Address): Promise<number[]> {
    const weights = await this.client.readContract({ address: pool, abi: POOL_ABI, functionName: 'weights' });
    return weights.map((weight) => Number(weight) / 1e18);
  }

  stop(): Promise<void> {
    return this.chain.stop();
  }
}
