import { existsSync } from 'node:fs';
import { type Address, parseAbi } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import {
  deployPool,
  deployVault,
  POOL_ABI,
  POOL_TERMS,
  Transactor,
  VAULT_ABI,
  VAULT_TERMS,
} from '#lib/chain';
import {
  readVaultDeployment,
  type VaultDeployment,
  vaultDeploymentFile,
  writeVaultDeployment,
} from '../../../vault/src/index.js';
import type { MarketSource } from './market-source.js';

const TOKEN_ABI = parseAbi([
  'function mint(address to, uint256 amount)',
  'function approve(address spender, uint256 amount) returns (bool)',
]);
/** Of the first markets; those that are there share the whole. */
const WEIGHTS = [0.5, 0.3, 0.2];
/** The pool is this many times the provider's stake: others trade with it as well. */
const POOL_SIZE = 4;
const UNLIMITED = 2n ** 256n - 1n;

/** A chain of the demonstration's own. */
export interface DemoChain {
  readonly rpcUrl: string;
  readonly account: PrivateKeyAccount;
  /** address of the price source the pool's updates would take their prices from */
  readonly prices: Address;
}

/**
 * The actions of an exchange's liquidity providers, on a chain of one's own: tokens for the first markets of a replay, a
 * pool of them, a vault, and a provider who comes, adds and asks for a part back. At every bar its stake is what it would be
 * had the replay never stopped, so a replay that is resumed finds it where it was.
 */
export class DemoVault {
  private constructor(
    private readonly transactor: Transactor,
    readonly deployment: VaultDeployment,
    /** pool shares */
    private readonly stake: bigint,
    private done: number,
  ) {}

  /** The vault of a data directory; one that is not there yet is made, its tokens priced at the first bar. */
  static async open(
    chain: DemoChain,
    dataDirectory: string,
    source: MarketSource,
    /** the provider's stake, quote currency */
    capital: number,
  ): Promise<DemoVault> {
    const transactor = new Transactor(chain.rpcUrl, chain.account);
    const file = vaultDeploymentFile(dataDirectory);
    const found = existsSync(file) ? readVaultDeployment(file) : undefined;
    const { client, account } = transactor;
    const held = found && (await client.getCode({ address: found.vault }));
    if (found === undefined || held === undefined) {
      const deployment = await deployDemo(transactor, chain, source, capital);
      writeVaultDeployment(file, deployment);
    }
    const deployment = readVaultDeployment(file);
    const supply = await client.readContract({
      ...{ address: deployment.pool, abi: POOL_ABI, functionName: 'totalSupply' },
    });
    const shares = await client.readContract({
      ...{ address: deployment.vault, abi: VAULT_ABI, functionName: 'balanceOf', args: [account.address] },
    });
    const stake = supply / BigInt(POOL_SIZE);
    const inside = await client.readContract({
      ...{ address: deployment.vault, abi: VAULT_ABI, functionName: 'convertToAssets', args: [shares] },
    });
    return new DemoVault(transactor, deployment, stake, Math.round((Number(inside) / Number(stake)) * 100));
  }

  /** Moves the provider's stake to its size at a bar. */
  async follow(bar: number): Promise<void> {
    const percent = stakeAt(bar);
    if (percent === this.done) return;
    const { vault } = this.deployment;
    const change = (this.stake * BigInt(Math.abs(percent - this.done))) / 100n;
    if (percent > this.done) {
      await this.transactor.call(vault, VAULT_ABI, 'deposit', [change, this.transactor.account.address]);
    } else {
      const { client } = this.transactor;
      const shares = await client.readContract({
        ...{ address: vault, abi: VAULT_ABI, functionName: 'convertToShares', args: [change] },
      });
      await this.transactor.call(vault, VAULT_ABI, 'requestRedeem', [shares]);
    }
    this.done = percent;
  }
}

/** Of the provider's capital, percent: it comes in two parts, and four times has a quarter out for a while. */
function stakeAt(bar: number): number {
  if (bar < 96) return 0;
  if (bar < 360) return 60;
  return bar >= 8000 || bar % 2000 < 1200 ? 100 : 75;
}

async function deployDemo(
  transactor: Transactor,
  { rpcUrl, account, prices }: DemoChain,
  source: MarketSource,
  capital: number,
): Promise<VaultDeployment> {
  const [first] = source.rows(0);
  const listed = source.markets.flatMap((market, i) => {
    const price = first.prices[i];
    return price === undefined ? [] : [{ market, price: Number(price) }];
  });
  const chosen = listed.slice(0, WEIGHTS.length);
  const markets = chosen.map(({ market }) => market);
  const whole = markets.reduce((sum, _, i) => sum + WEIGHTS[i], 0);
  const assets: { token: Address; market: string; weight: number }[] = [];
  const amounts: bigint[] = [];
  for (const [i, market] of markets.entries()) {
    const token = await transactor.deploy('DemoToken', [market]);
    const weight = WEIGHTS[i] / whole;
    amounts.push(BigInt(Math.round(((weight * POOL_SIZE * capital) / chosen[i].price) * 1e6)) * 10n ** 12n);
    await transactor.call(token, TOKEN_ABI, 'mint', [account.address, amounts[i]]);
    assets.push({ token, market, weight });
  }
  const names = { name: 'zkrisk demonstration pool', symbol: 'DEMO' };
  const strategy = { k: markets.map(() => 1) };
  const pool = await deployPool(rpcUrl, account, names, assets, strategy, { ...POOL_TERMS, prices });
  for (const { token } of assets) await transactor.call(token, TOKEN_ABI, 'approve', [pool, UNLIMITED]);
  await transactor.call(pool, POOL_ABI, 'start', [amounts]);
  const called = { name: 'zkrisk demonstration vault', symbol: 'vDEMO', pool };
  const vault = await deployVault(rpcUrl, account, called, VAULT_TERMS);
  await transactor.call(pool, POOL_ABI, 'approve', [vault, UNLIMITED]);
  return { vault, pool };
}
