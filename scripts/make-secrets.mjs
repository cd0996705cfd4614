// `npm run secrets`: the files that docker-compose.yml reads, in deploy/secrets; existing ones stay.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
const { Keystore } = await import('ox');
const folder = join(root, 'deploy', 'secrets');
mkdirSync(folder, { recursive: true, mode: 0o700 });

function secret(name, make = () => randomBytes(32).toString('base64url')) {
  const file = join(folder, name);
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o444 });
  return readFileSync(file, 'utf8');
}

const password = secret('postgres_password');
secret('database_url', () => `postgres://zkrisk:${password}@postgres:5432/zkrisk`);
secret('admin_secret');
secret('quote_secret');
secret('valuation_secret');
secret('market_order_secret');
secret('book_salt_secret');
secret('grafana_password');
const keystorePassword = secret('chain_keystore_password');
secret('chain_keystore', () => {
  // The first account of anvil, which everyone knows and which has money there. For any other chain: your own keystore.
  const known = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
  const [key, options] = Keystore.scrypt({ password: keystorePassword });
  return JSON.stringify(Keystore.encrypt(known, key, options));
});
process.stderr.write('deploy/secrets is complete\n');
