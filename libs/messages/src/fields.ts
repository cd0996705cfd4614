import { z } from 'zod';

// The fields that topics and REST share: one place decides the form of names and amounts.

/** Not "constructor" and the like: looked up in a table of names, these are found in every table. */
const isNoFieldOfAll = (text: string) => !(text in Object.prototype);
const FIELD_OF_ALL = 'must not be a name that every JavaScript object has';

/** Of a market. */
export const market = z
  .string()
  .regex(/^[A-Za-z0-9._:/-]{1,40}$/, 'must be a market name of letters, digits and ._:/-')
  .refine(isNoFieldOfAll, FIELD_OF_ALL);

/** Of a source of prices. */
export const source = z
  .string()
  .regex(/^[\w.-]{1,40}$/, 'must be the name of a source of letters, digits and _.-')
  .refine(isNoFieldOfAll, FIELD_OF_ALL);

/** Of a trader, a liquidity provider or a liquidator. */
export const account = z
  .string()
  .regex(/^[\w.:@-]{1,80}$/, 'must be an account name of letters, digits and _.:@-')
  .refine(isNoFieldOfAll, FIELD_OF_ALL);

/** An exact amount. */
export const decimal = z
  .string()
  .max(60)
  .regex(/^-?\d+(\.\d+)?$/, 'must be a plain decimal number in a string, like "1.5"');

/** Id of a command, a trade or a plan, which makes a retry safe. */
export const identifier = z
  .string()
  .regex(/^[\w.:@+-]{1,100}$/, 'must be 1 to 100 letters, digits and _.:@+-');

/** Amounts beyond are mistakes or mischief: no exchange has them, and their sums stay within the digits the books can tell. */
export const LARGEST_AMOUNT = 1e15;
/** one unit in the last place that the books keep of a price */
export const SMALLEST_PRICE = 1e-12;

/** Money or a size as it enters, on every way in; negative where the field says so. */
export const amount = decimal.refine(
  (text) => Math.abs(Number(text)) <= LARGEST_AMOUNT,
  `must be at most ${LARGEST_AMOUNT}`,
);

/** Of one base unit, quote currency, as it enters. */
export const price = decimal.refine(
  (text) => Number(text) >= SMALLEST_PRICE && Number(text) <= LARGEST_AMOUNT,
  `must be a price from ${SMALLEST_PRICE} to ${LARGEST_AMOUNT}`,
);

/** Terms on which an account takes over positions that liquidators pass to it. */
export const takeoverTerms = {
  notional: amount.describe(
    'of positions that the reports of liquidators may pass to the account from now on, at their prices; 0: of none',
  ),
  discount: z
    .number()
    .min(-0.02)
    .max(0.02)
    .optional()
    .describe(
      'by which the prices together must be better than the marks, a share of the notional (default 0)',
    ),
};

/** Of a margin account: a trader's, or that of an isolated position, `trader~market`. */
export const marginAccount = z
  .string()
  .regex(
    /^[\w.:@-]{1,80}(~[A-Za-z0-9._:/-]{1,40})?$/,
    'must be an account name, or account~market for an isolated position',
  );
