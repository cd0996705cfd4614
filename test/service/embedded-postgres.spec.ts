import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import {
  connectTo,
  dataSourceOptions,
  EmbeddedPostgresError,
  migrate,
  type RunningPostgres,
  startEmbeddedPostgres,
  textList,
  texts,
} from '#lib/storage';

describe('the embedded database', () => {
  let folder: string;
  let data: string;
  let server: RunningPostgres;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-embedded-'));
    data = join(folder, 'postgres');
    server = await startEmbeddedPostgres(data, { fsync: 'off' });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is reached through a socket in a folder that is nobody else’s, on no port', async () => {
    const url = new URL(server.url);
    expect(url.searchParams.get('host')).toBe(data);
    expect(statSync(data).mode & 0o077).toBe(0);
    expect(existsSync(join(data, `.s.PGSQL.${url.port}`))).toBe(true);
    const refused = await new Promise<string>((resolve) => {
      const socket = connect(Number(url.port), '127.0.0.1');
      socket.once('connect', () => {
        resolve('connected');
      });
      socket.once('error', ({ code }: NodeJS.ErrnoException) => {
        resolve(code ?? '');
      });
    });
    expect(refused).toBe('ECONNREFUSED');
  });

  it('asks for a password that only its owner can read', async () => {
    await migrate(dataSourceOptions(server.url));
    const database = await connectTo({ url: server.url });
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
    await database.destroy();
    const password = readFileSync(`${data}.password`, 'utf8').trim();
    expect(password).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(`${data}.password`).mode & 0o077).toBe(0);
    for (const wrong of ['zkrisk', '', `${password.slice(1)}0`]) {
      const url = new URL(server.url);
      url.password = wrong;
      const opening = new DataSource(dataSourceOptions(url.href)).initialize();
      await expect(opening).rejects.toThrow(/password|SASL/);
    }
  });

  it('is taken over where its process has left it running', async () => {
    expect((await startEmbeddedPostgres(data)).url).toBe(server.url);
  });

  it('is not started without its password: the error names the file', async () => {
    const other = join(folder, 'other');
    const first = await startEmbeddedPostgres(other, { fsync: 'off' });
    await first.stop();
    rmSync(`${other}.password`);
    const again = startEmbeddedPostgres(other);
    await expect(again).rejects.toThrow(EmbeddedPostgresError);
    await expect(again).rejects.toThrow(`${other}.password`);
  });

  it('has its socket elsewhere where the path of its folder is too long for one', async () => {
    const long = join(folder, 'a'.repeat(100), 'postgres');
    const other = await startEmbeddedPostgres(long, { fsync: 'off' });
    const socket = new URL(other.url).searchParams.get('host')!;
    expect(socket).not.toContain(folder);
    expect(statSync(socket).mode & 0o077).toBe(0);
    const database = await connectTo({ url: other.url });
    await database.destroy();
    await other.stop();
    rmSync(socket, { recursive: true });
  });

  it('takes lists of texts apart as they were put together', async () => {
    const database = await connectTo({ url: server.url });
    const json = JSON.stringify({ text: '{"a","b\\"}\u001f\u001e\n', ü: 1 });
    for (const given of [[], [''], [null], ['', ''], ['a', null, json, ',', '{}', 'NULL', '.']])
      expect(await database.query(`select ${texts('$1')} as list`, [textList(given)])).toEqual([
        { list: given },
      ]);
    const typed = `select ${texts('$1', 'int')} as numbers, ${texts('$2', 'json')} as values`;
    expect(await database.query(typed, [textList([1, null, -2]), textList([json])])).toEqual([
      { numbers: [1, null, -2], values: [JSON.parse(json) as object] },
    ]);
    await database.destroy();
    for (const text of ['a\u001fb', 'a\u001e'])
      expect(() => textList(['c', text])).toThrow(/control character/);
  });
});
