import { formatMoney } from '#lib/amounts';
import { chainClient, publishedBookRoot } from '#lib/chain';
import { checkIncludedAccount, includedAccountSchema } from '#lib/commitment';
import { parseInput } from '#lib/errors';
import { type ChainOptions, chainOf } from './chain-options.js';
import { readJson } from './read-json.js';

export interface InclusionOptions extends ChainOptions {
  /** instead of a chain's: 32 bytes in hex */
  readonly root?: string;
}

/** An account's holdings in a book, and the source of the root. */
export interface InclusionFound {
  readonly barEnd: string;
  readonly root: string;
  /** epoch and block that the root was published with; null where it was given */
  readonly epoch: { readonly number: number; readonly block: number } | null;
  readonly holdings: readonly {
    readonly account: string;
    readonly cash: string;
    readonly shares: string;
    readonly positions: readonly { readonly market: string; readonly size: string; readonly entry: string }[];
  }[];
  /** of all accounts together */
  readonly accounts: number;
}

/**
 * Checks an account's holdings in the book of a proven epoch against the root that a chain keeps.
 *
 * @throws {NotIncludedError} where it is not
 * @throws {ChainError} where the chain has no root of that bar
 * @throws {UsageError} where nothing says which node or oracle
 */
export async function checkInclusionCommand(
  file: string,
  options: InclusionOptions,
): Promise<InclusionFound> {
  const document = parseInput(includedAccountSchema, readJson(file), file);
  const published = options.root === undefined ? await rootOnChain(document.barEnd, options) : undefined;
  const { barEnd, root, holdings, totals } = checkIncludedAccount(document, published?.root ?? options.root);
  return {
    barEnd,
    root,
    epoch: published === undefined ? null : { number: published.number, block: published.block },
    holdings: holdings.map(({ account, holds }) => ({
      account,
      cash: formatMoney(holds.cash - holds.debt),
      shares: formatMoney(holds.shares),
      positions: holds.markets.map(({ market, long, short, entry }) => ({
        ...{ market, size: formatMoney(long - short), entry: formatMoney(entry) },
      })),
    })),
    accounts: Number(totals.accounts),
  };
}

function rootOnChain(barEnd: string, options: ChainOptions) {
  const { rpcUrl, oracle } = chainOf(options);
  return publishedBookRoot(chainClient(rpcUrl), oracle, BigInt(Date.parse(barEnd)) / 1000n);
}
