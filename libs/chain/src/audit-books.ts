import { type Address, type Hex, isAddressEqual, zeroAddress } from 'viem';
import { bookRoot, bytesOf, hexOf } from '#lib/commitment';
import { messageOf } from '#lib/errors';
import { SCALE_BITS } from '#lib/proofs';
import { type AuditedChain, label } from './audit-chain.js';
import { decodeBook, type OpenedBook, positionsOf } from './book-commitment.js';
import { contractArtifact, isCodeOf } from './contract-artifact.js';
import { BINDING_ABI } from './oracle-abi.js';
import type { PublishedEpoch } from './published-epoch.js';

/** The book in an epoch's proofs, in shares of its unit. */
export interface ClaimedBook {
  readonly markets: readonly Hex[];
  readonly exposures: readonly number[];
  readonly terms: Readonly<Record<'entry' | 'capital' | 'liquidity' | 'pending', number>>;
}

export interface AuditedBook {
  readonly root: Hex | null;
  readonly failures: readonly string[];
}

const ONE = BigInt(2 ** SCALE_BITS);
/** 8 decimals to 18 */
const MONEY = 10n ** 10n;
const SIZES = 10n ** 8n;

/** Follows the installed bindings, and compares each proven book with the sums that its root binds. */
export class BookAuditor {
  private binding: Address = zeroAddress;
  private readonly codes = new Map<Address, boolean>();

  constructor(private readonly chain: AuditedChain) {}

  install(binding: Address): void {
    this.binding = binding;
  }

  /** The root of a book, and why it is not that of its accounts; no root where nobody has bound it. */
  async audit(epoch: PublishedEpoch, claimed: ClaimedBook): Promise<AuditedBook> {
    const { binding } = this;
    const unbound = (why: string): AuditedBook => ({ root: null, failures: [why] });
    if (isAddressEqual(binding, zeroAddress))
      return unbound('its book is not bound to accounts: exposures and terms are the publisher’s word');
    if (!(await this.isOurs(binding)))
      return unbound(`its book is bound by a contract at ${binding} that is not BookBinding of this version`);
    let opened: OpenedBook;
    let root: Hex;
    let positions: ReturnType<typeof positionsOf>;
    try {
      opened = decodeBook(epoch.book);
      root = hexOf(
        bookRoot({ digest: bytesOf(opened.digest), sums: bytesOf(opened.sums) }, opened.pool),
      ) as Hex;
      positions = positionsOf(opened.sums);
    } catch (error) {
      return unbound(`its book cannot be read: ${messageOf(error)}`);
    }
    const failures: string[] = [];
    const kept = await this.chain.client.readContract({
      ...{
        address: binding,
        abi: BINDING_ABI,
        functionName: 'rootOf',
        args: [this.chain.oracle, epoch.number],
      },
    });
    if (kept !== root) failures.push(`the chain keeps the root ${kept}, its book has ${root}`);
    failures.push(...(await this.differences(epoch, claimed, opened, positions)));
    return { root, failures };
  }

  private async differences(
    { bar, unit }: PublishedEpoch,
    { markets, exposures, terms }: ClaimedBook,
    { pool }: OpenedBook,
    positions: ReturnType<typeof positionsOf>,
  ): Promise<string[]> {
    const failures: string[] = [];
    const check = (what: string, share: number, money: bigint) => {
      // Each was rounded once, to a unit of 2⁻²⁴.
      const difference = BigInt(Math.round(share * Number(ONE))) * unit - money * ONE;
      if (difference > unit || difference < -unit)
        failures.push(`${what} is ${share} of its unit in the proof and another amount in its book`);
    };
    for (const [i, market] of markets.entries()) {
      const price = await this.chain.priceAt(market, bar);
      check(label(market), exposures[i], ((positions.get(market)?.net ?? 0n) * price) / SIZES);
    }
    for (const market of positions.keys())
      if (!markets.includes(market))
        failures.push(`its book has ${label(market)}, of which nothing is proven`);
    const entry = [...positions.values()].reduce((sum, position) => sum + position.entry, 0n);
    check('the entry notional', terms.entry, entry * MONEY);
    check('P', terms.capital, pool.capital * MONEY);
    check('L', terms.liquidity, pool.liquidity * MONEY);
    check('what is pending', terms.pending, pool.pending * MONEY);
    return failures;
  }

  private async isOurs(binding: Address): Promise<boolean> {
    const known = this.codes.get(binding);
    if (known !== undefined) return known;
    const code = await this.chain.client.getCode({ address: binding });
    const ours = isCodeOf(contractArtifact('BookBinding'), code);
    this.codes.set(binding, ours);
    return ours;
  }
}
