import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keystore } from 'ox';
import { privateKeyToAddress } from 'viem/accounts';
import { afterAll, describe, expect, it } from 'vitest';
import { accountFrom, marketBytes, parseDeployment, priceUnits } from './index.js';

const SECRET = `0x${'5'.repeat(64)}` as const;
const folder = mkdtempSync(join(tmpdir(), 'zkrisk-keystore-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function keystore(password: string): string {
  const [key, options] = Keystore.scrypt({ password, n: 1024 });
  const path = join(folder, 'key.json');
  writeFileSync(path, JSON.stringify(Keystore.encrypt(SECRET, key, options)));
  return path;
}

describe('the account that signs', () => {
  it('comes from an encrypted keystore, its password from a file or the environment', () => {
    const path = keystore('correct horse');
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, 'correct horse\n');
    const expected = privateKeyToAddress(SECRET);
    expect(accountFrom({ CHAIN_KEYSTORE: path, CHAIN_KEYSTORE_PASSWORD: 'correct horse' })?.address).toBe(
      expected,
    );
    expect(accountFrom({ CHAIN_KEYSTORE: path, CHAIN_KEYSTORE_PASSWORD_FILE: passwordFile })?.address).toBe(
      expected,
    );
    expect(accountFrom({ CHAIN_PRIVATE_KEY: SECRET })?.address).toBe(expected);
    expect(accountFrom({})).toBeUndefined();
  });

  it('never has its key or password in what goes wrong', () => {
    const path = keystore('correct horse');
    const bad: NodeJS.ProcessEnv[] = [
      { CHAIN_KEYSTORE: path, CHAIN_KEYSTORE_PASSWORD: 'wrong secret' },
      { CHAIN_KEYSTORE: path },
      { CHAIN_KEYSTORE: join(folder, 'absent'), CHAIN_KEYSTORE_PASSWORD: 'wrong secret' },
      { CHAIN_PRIVATE_KEY: SECRET.slice(0, -1) },
    ];
    for (const environment of bad) {
      let said = '';
      try {
        accountFrom(environment);
      } catch (error) {
        said = error instanceof Error ? `${error.stack}${JSON.stringify(error)}` : String(error);
      }
      expect(said).toMatch(/CHAIN_(KEYSTORE|PRIVATE_KEY)/);
      expect(said).not.toContain('wrong secret');
      expect(said).not.toContain(SECRET.slice(2, -1));
    }
  });
});

describe('what goes to a chain', () => {
  it('is refused by name where it does not fit', () => {
    expect(marketBytes('BTC')).toBe(`0x425443${'0'.repeat(58)}`);
    expect(() => marketBytes('')).toThrow(/market/);
    expect(() => marketBytes('x'.repeat(33))).toThrow(/market/);
    expect(priceUnits('12.5')).toBe(12_500_000_000_000_000_000n);
    expect(priceUnits((0.1).toFixed(18))).toBe(100_000_000_000_000_006n);
    expect(() => priceUnits('-1')).toThrow(/price/);
    expect(() => priceUnits('1e3')).toThrow(/price/);
    expect(() => parseDeployment({ chainId: 1 })).toThrow(/deployment/);
  });
});
