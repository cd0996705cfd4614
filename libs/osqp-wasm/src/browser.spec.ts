import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const BROWSERS = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'];
const browser = BROWSERS.find((path) => path !== '' && existsSync(path));
if (browser === undefined) process.stderr.write('no Chromium here: osqp-wasm is not tried in a browser\n');

const PAGE = `<!doctype html><title>osqp-wasm</title><pre id="out">nothing yet</pre><script type="module">
import { loadOsqp, upperTriangleFromDense, cscFromDense } from '/dist/index.js';
const osqp = await loadOsqp();
const solver = osqp.setup({
  P: upperTriangleFromDense(2, [4, 1, 1, 2]), q: Float64Array.of(1, 1), A: cscFromDense(3, 2, [1, 1, 1, 0, 0, 1]),
  l: Float64Array.of(1, 0, 0), u: Float64Array.of(1, 0.7, 0.7),
}, { epsAbs: 1e-9, epsRel: 1e-9, polish: true });
const { status, objective } = solver.solve();
solver.free();
document.getElementById('out').textContent = status + ' ' + objective.toFixed(6);
</script>`;

const TYPES: Record<string, string> = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

describe('in a browser', () => {
  it.skipIf(browser === undefined)('loads from beside its module and solves', async () => {
    const root = join(import.meta.dirname, '..');
    const server = createServer((request, response) => {
      const path = request.url ?? '/';
      if (path === '/') return void response.setHeader('content-type', 'text/html').end(PAGE);
      readFile(join(root, path)).then(
        (bytes) => response.setHeader('content-type', TYPES[extname(path)] ?? 'text/plain').end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const profile = await mkdtemp(join(tmpdir(), 'osqp-browser-'));
    try {
      const { port } = server.address() as AddressInfo;
      const { stdout } = await promisify(execFile)(
        browser!,
        [
          ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
          ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
          ...[`--user-data-dir=${profile}`, '--virtual-time-budget=20000', '--dump-dom'],
          `http://127.0.0.1:${port}/`,
        ],
        { timeout: 60_000 },
      );
      expect(stdout).toContain('<pre id="out">solved 1.880000</pre>');
    } finally {
      server.close();
      await rm(profile, { recursive: true, force: true });
    }
  });
});
