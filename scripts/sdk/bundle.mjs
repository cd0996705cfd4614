// Bundles of compiled libraries: one file without imports, for packages installed elsewhere.
import { join } from 'node:path';
import { build } from 'vite';
import { root } from '../bootstrap.mjs';

const library = (name) => join(root, 'dist', 'libs', name, 'src');

/**
 * @param entries file by name, below dist/libs
 * @param format 'es' or, one entry for a bare JavaScript engine, 'iife'
 */
export async function bundle(entries, outDir, format) {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    resolve: {
      alias: [
        { find: 'node:crypto', replacement: join(root, 'scripts', 'sdk', 'node-crypto.mjs') },
        // Of the liquidation library the checker alone: its solvers are not a client's.
        { find: /^#lib\/liquidation$/, replacement: join(library('liquidation'), 'verify', 'verify.js') },
        { find: /^#lib\/(.*)$/, replacement: join(root, 'dist', 'libs', '$1', 'src', 'index.js') },
      ],
    },
    build: {
      outDir,
      emptyOutDir: false,
      target: 'es2022',
      minify: format === 'iife',
      lib: {
        entry: Object.fromEntries(
          Object.entries(entries).map(([name, file]) => [name, join(root, 'dist', 'libs', file)]),
        ),
        formats: [format],
        name: 'zkrisk',
        fileName: (_format, name) => `${name}.js`,
      },
      rollupOptions: { treeshake: { moduleSideEffects: (id) => /checker\.js$/.test(id) } },
    },
  });
}
