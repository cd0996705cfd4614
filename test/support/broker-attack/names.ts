/** Levered accounts of one holder, its liquidator's bot, and its provider of liquidity. */
export const GANG = Array.from({ length: 8 }, (_, i) => `gang-${i}`);
export const GANG_BOT = 'gang-bot';
export const GANG_PROVIDER = 'gang-lp';
/** The account that the API's fuzzer has a key of; its money counts as the gang's. */
export const FUZZED = 'fuzz';
export const HONEST = ['honest-0', 'honest-1', 'honest-2'];
export const MARKETS = ['M0', 'M1', 'M2'];
/** Money that each account begins with. */
export const DEPOSIT = 20_000;

/** Whether an account, or its isolated margin, is the gang's. */
export function isGangs(account: string): boolean {
  return account.startsWith('gang-') || account.split('~')[0] === FUZZED;
}
