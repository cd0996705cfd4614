import { join } from 'node:path';
import { defineConfig } from 'vite';

const root = join(import.meta.dirname, '..', '..');

/** The page as static files, all in one folder: scripts/web.mjs builds it, libs/host serves it. */
export default defineConfig({
  root: import.meta.dirname,
  // Relative: the page may lie under any path.
  base: './',
  publicDir: false,
  resolve: {
    alias: [
      // The checker hashes with Node's crypto, whose digest is synchronous; browsers have none.
      { find: 'node:crypto', replacement: join(import.meta.dirname, 'src', 'check', 'node-crypto.ts') },
      // Of the library that solves, the checker: whoever checks a plan needs no solver.
      {
        find: '#lib/liquidation',
        replacement: join(root, 'libs', 'liquidation', 'src', 'verify', 'verify.ts'),
      },
      // Of the messages, how a patch is applied: their schemas are for programs that strangers write to.
      {
        find: '#lib/messages',
        replacement: join(root, 'libs', 'messages', 'src', 'streams', 'merge-patch.ts'),
      },
      // Modules that EZKL’s loader for Node imports.
      { find: /^(util|fs|path)$/, replacement: join(import.meta.dirname, 'src', 'check', 'node', '$1.ts') },
      { find: /^#lib\/([^/]+)$/, replacement: join(root, 'libs', '$1', 'src', 'index.ts') },
    ],
  },
  define: { __dirname: '"."' },
  worker: { format: 'es' },
  build: {
    outDir: join(root, 'dist', 'web'),
    assetsDir: '',
    emptyOutDir: true,
    target: 'es2022',
    // An inlined asset is a data: address, which the page's Content-Security-Policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
