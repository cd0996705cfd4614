import type { PrivateKeyAccount } from 'viem/accounts';
import { accountFrom } from '#lib/chain';
import { InvalidInputError } from '#lib/errors';

/** The account that signs a command's transactions. @throws {InvalidInputError} where the environment names nobody */
export function signer(): PrivateKeyAccount {
  const account = accountFrom(process.env);
  if (account === undefined)
    throw new InvalidInputError('CHAIN_KEYSTORE', 'or CHAIN_PRIVATE_KEY must say who signs');
  return account;
}
