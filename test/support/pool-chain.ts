import { type Address, createWalletClient, encodeDeployData, type Hex, http, parseAbi } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import {
  type ChainProof,
  chainClient,
  type Deployment,
  deployOracle,
  type EmbeddedChain,
  minedReceipt,
  POOL_ABI,
  PRICE_SOURCE_ABI,
  revertReason,
  signReport,
  startEmbeddedChain,
  submission,
} from '#lib/chain';
import { oracleTerms } from '../../apps/settlement/src/index.js';
import { compiled } from './solidity.js';

export const BAR_SECONDS = 3600n;

/** A chain with tokens, signed prices and a verifier, for pools of the tokens it is given. */
export class PoolChain {
  readonly client: ReturnType<typeof chainClient>;
  readonly account: ReturnType<typeof privateKeyToAccount>;
  readonly tokens: Address[] = [];
  deployment: Deployment;
  /** end of the bar in force */
  bar = 0n;

  private constructor(
    readonly chain: EmbeddedChain,
    /** markets and decimals of their tokens */
    readonly markets: readonly string[],
  ) {
    this.client = chainClient(chain.url);
    this.account = privateKeyToAccount(chain.privateKey);
  }

  static async start(markets: readonly string[], decimals: readonly number[]): Promise<PoolChain> {
    const started = new PoolChain(await startEmbeddedChain({ blockSeconds: 0 }), markets);
    started.deployment = await deployOracle(started.chain.url, started.account, oracleTerms(0.01, 0));
    const token = compiled('contracts/test/pool/PoolFixture.sol', 'TestToken');
    const abi = parseAbi(['function mint(address to, uint256 amount)']);
    for (const [i, market] of markets.entries()) {
      const address = await started.deployed(token.abi, token.bytecode, [market, decimals[i]]);
      started.tokens.push(address);
      await started.write(address, abi, 'mint', [started.account.address, 10n ** 30n]);
    }
    const { timestamp } = await started.client.getBlock();
    started.bar = timestamp - (timestamp % BAR_SECONDS);
    return started;
  }

  stop(): Promise<void> {
    return this.chain.stop();
  }

  private get wallet() {
    return createWalletClient({ account: this.account, transport: http(this.chain.url) });
  }

  private async mined(hash: Hex) {
    const receipt = await minedReceipt(this.client, hash, { pollMs: 20 });
    if (receipt.status !== 'success') throw new Error(`transaction ${hash} failed`);
    return receipt;
  }

  async deployed(abi: readonly unknown[], bytecode: Hex, args: unknown[] = []): Promise<Address> {
    const data = encodeDeployData({ abi, bytecode, args });
    return (await this.mined(await this.wallet.sendTransaction({ data, chain: null }))).contractAddress!;
  }

  /** @returns gas used */
  async write(
    address: Address,
    abi: readonly unknown[],
    functionName: string,
    args: readonly unknown[],
  ): Promise<bigint> {
    const call = { address, abi, functionName, args, chain: null } as never;
    return (await this.mined(await this.wallet.writeContract(call))).gasUsed;
  }

  /** Prices of the bar in force, as a reporter signs them. */
  async holdPrices(prices: readonly number[]): Promise<void> {
    const quoted = this.markets.map((market, i) => ({ market, price: prices[i].toFixed(12) }));
    const source = { chainId: this.deployment.chainId, address: this.deployment.prices };
    const report = await signReport(this.account, source, { bar: this.bar, prices: quoted });
    const args = submission(this.bar, this.markets, [report], 1)!;
    await this.write(this.deployment.prices, PRICE_SOURCE_ABI, 'submit', args);
  }

  async nextBar(blocks = 300): Promise<void> {
    this.bar += BAR_SECONDS;
    const raw = (method: string, params: unknown[]) =>
      this.client.request({ method: method as 'eth_chainId', params: params as never });
    await raw('evm_setNextBlockTimestamp', [Number(this.bar) + 60]);
    await raw('anvil_mine', [`0x${blocks.toString(16)}`, '0x0']);
  }

  /** Nothing, or why the pool refuses an update; sends it where it does not. */
  async update(pool: Address, proof?: ChainProof): Promise<string | undefined> {
    const args = proof === undefined ? [this.bar] : [this.bar, proof.proof, proof.instances];
    try {
      const request = { address: pool, abi: POOL_ABI, functionName: 'performUpdate', args };
      await this.client.simulateContract({ ...request, account: this.account } as never);
    } catch (error) {
      return revertReason(error);
    }
    await this.write(pool, POOL_ABI, 'performUpdate', args);
    return undefined;
  }

  async weightsOf(pool: Address): Promise<number[]> {
    const weights = await this.client.readContract({ address: pool, abi: POOL_ABI, functionName: 'weights' });
    return weights.map((weight) => Number(weight) / 1e18);
  }

  /** Fills a pool with amounts in whole tokens' units. */
  async fill(pool: Address, amounts: readonly bigint[]): Promise<void> {
    const abi = parseAbi(['function approve(address spender, uint256 amount) returns (bool)']);
    for (const token of this.tokens) await this.write(token, abi, 'approve', [pool, 2n ** 255n]);
    await this.write(pool, POOL_ABI, 'start', [amounts]);
  }
}
