import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PAGE_FOLDER } from '#lib/host';

/** First load, compressed by gzip. */
const MOST_BYTES = 200_000;

describe('the page as it was built', () => {
  const html = readFileSync(join(PAGE_FOLDER, 'index.html'), 'utf8');
  const linked = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, name]) => name);

  it('loads at most 200 kB at first', () => {
    expect(linked.some((name) => name.endsWith('.js'))).toBe(true);
    const bytes = ['index.html', ...linked].map((name) => statSync(join(PAGE_FOLDER, `${name}.gz`)).size);
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(MOST_BYTES);
  });

  it('has no inline script or style and nothing of another host', () => {
    expect(html).not.toMatch(/<script(?![^>]* src=)/);
    expect(html).not.toMatch(/<style|style=|https?:/);
  });

  it('keeps the solver, the verifier and the node client out of the first load', () => {
    const files = readdirSync(PAGE_FOLDER).filter((name) => /\.(js|wasm)$/.test(name));
    expect(files.some((name) => /highs|osqp/.test(name))).toBe(false);
    for (const name of ['verify-certificate', 'proof.worker', 'chain.worker', 'ezkl_bg']) {
      expect(files.filter((file) => file.startsWith(name))).toHaveLength(1);
      expect(linked.some((file) => file.startsWith(name))).toBe(false);
    }
  });
});
