import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { actionTable } from '#lib/exchange';
import { referenceDocuments } from '../../apps/zkrisk/src/reference/reference.js';

const root = join(import.meta.dirname, '..', '..', '..');
const folder = join(root, 'docs', 'reference');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');

describe('docs/reference', () => {
  let documents: Record<string, string>;
  beforeAll(async () => {
    documents = await referenceDocuments();
  }, 120_000);

  it('is what the code says now; `npm run docs` writes it', () => {
    for (const [path, text] of Object.entries(documents))
      expect(readFileSync(join(folder, path), 'utf8'), path).toBe(text);
    const schemas = Object.keys(documents).filter((path) => path.startsWith('schemas/'));
    expect(readdirSync(join(folder, 'schemas')).map((file) => `schemas/${file}`)).toEqual(schemas.sort());
  });

  it('lists the rooms as rooms.mjs has them', async () => {
    const script = pathToFileURL(join(root, 'rooms.mjs')).href;
    const { withRooms } = (await import(script)) as { withRooms: (text: string) => string };
    const text = read('docs', 'internals', 'architecture.md');
    expect(text).toContain('forecasting/');
    expect(text).toBe(withRooms(text));
  });

  it('shows what a mark must be like for each action as the code has it', async () => {
    const script = pathToFileURL(join(root, 'scripts', 'action-table.mjs')).href;
    const { withActions } = (await import(script)) as {
      withActions: (text: string, table: string) => string;
    };
    const text = read('docs', 'concepts', 'marks.md');
    expect(text).toContain('| liquidate ');
    expect(text).toBe(withActions(text, actionTable()));
  });

  it('has a place in the runbook for every alert, and a metric for every name an alert or a panel uses', () => {
    const alerts = read('deploy', 'prometheus', 'alerts.yml');
    const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(8);
    const runbook = read('docs', 'operate', 'runbook.md');
    for (const name of names) expect(runbook).toContain(`## ${name}\n`);
    const known = new Set([...documents['metrics.md'].matchAll(/`(zkrisk_\w+)`/g)].map(([, name]) => name));
    const used = [alerts, read('deploy', 'grafana', 'dashboards', 'zkrisk.json')].flatMap((text) =>
      [...text.matchAll(/zkrisk_[a-z_]+/g)].map(([name]) => name),
    );
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });

  it('knows every variable that docker-compose.yml sets', () => {
    const compose = read('docker-compose.yml');
    const services = compose.slice(compose.indexOf('x-service'), compose.indexOf('services:'));
    const set = [...services.matchAll(/^ {4}([A-Z_]+):/gm)].map(([, name]) => name.replace(/_FILE$/, ''));
    expect(set.length).toBeGreaterThan(4);
    for (const name of set) expect(documents['configuration.md']).toContain(`\`${name}\``);
    for (const [, main] of compose.matchAll(/(dist\/apps\/[\w/]+\.js)/g))
      expect(() => read(main)).not.toThrow();
    // Pinned: a tag that moves is another image tomorrow.
    for (const [, image] of compose.matchAll(/^ {4}image: (\S+)/gm))
      expect(image).toMatch(/:v?\d+\.\d+\.?\d*|zkrisk:local/);
  });
});
