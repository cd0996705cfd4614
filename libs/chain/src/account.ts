import { readFileSync } from 'node:fs';
import { Keystore } from 'ox';
import type { Hex } from 'viem';
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import { InvalidInputError, messageOf } from '#lib/errors';

/**
 * The account that signs, from CHAIN_KEYSTORE (an encrypted Web3 Secret Storage file) with CHAIN_KEYSTORE_PASSWORD_FILE or
 * CHAIN_KEYSTORE_PASSWORD, or from CHAIN_PRIVATE_KEY; undefined where neither is set. Neither key nor password is ever part of
 * an error or a log line.
 *
 * @throws {InvalidInputError} naming the variable
 */
export function accountFrom(environment: NodeJS.ProcessEnv): PrivateKeyAccount | undefined {
  const { CHAIN_KEYSTORE, CHAIN_KEYSTORE_PASSWORD_FILE, CHAIN_KEYSTORE_PASSWORD, CHAIN_PRIVATE_KEY } =
    environment;
  if (CHAIN_KEYSTORE !== undefined) {
    const read = (variable: string, path: string) => {
      try {
        return readFileSync(path, 'utf8');
      } catch (error) {
        throw new InvalidInputError(variable, `cannot be read: ${messageOf(error)}`);
      }
    };
    const password =
      CHAIN_KEYSTORE_PASSWORD_FILE === undefined
        ? CHAIN_KEYSTORE_PASSWORD
        : read('CHAIN_KEYSTORE_PASSWORD_FILE', CHAIN_KEYSTORE_PASSWORD_FILE).replace(/\r?\n$/, '');
    if (password === undefined)
      throw new InvalidInputError(
        'CHAIN_KEYSTORE',
        'needs CHAIN_KEYSTORE_PASSWORD_FILE or CHAIN_KEYSTORE_PASSWORD',
      );
    return privateKeyToAccount(decrypted(read('CHAIN_KEYSTORE', CHAIN_KEYSTORE), password));
  }
  if (CHAIN_PRIVATE_KEY === undefined) return undefined;
  if (!/^0x[0-9a-fA-F]{64}$/.test(CHAIN_PRIVATE_KEY))
    throw new InvalidInputError('CHAIN_PRIVATE_KEY', 'must be 0x and 64 hexadecimal digits');
  return privateKeyToAccount(CHAIN_PRIVATE_KEY as Hex);
}

function decrypted(text: string, password: string): Hex {
  let keystore: Keystore.Keystore;
  try {
    keystore = JSON.parse(text) as Keystore.Keystore;
  } catch {
    throw new InvalidInputError('CHAIN_KEYSTORE', 'must be a JSON keystore');
  }
  try {
    return Keystore.decrypt(keystore, Keystore.toKey(keystore, { password }));
  } catch {
    // The error may quote decrypted text.
    throw new InvalidInputError(
      'CHAIN_KEYSTORE',
      'cannot be decrypted: wrong password, or not a version 3 keystore',
    );
  }
}
