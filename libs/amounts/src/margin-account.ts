/** Name of the margin account that holds an isolated position; no trader's account can have such a name. */
export function isolatedAccount(account: string, market: string): string {
  return `${account}~${market}`;
}

/** The trader and, for an isolated margin account, its market. */
export function partsOf(marginAccount: string): { account: string; market: string | undefined } {
  const at = marginAccount.indexOf('~');
  return at < 0
    ? { account: marginAccount, market: undefined }
    : { account: marginAccount.slice(0, at), market: marginAccount.slice(at + 1) };
}
