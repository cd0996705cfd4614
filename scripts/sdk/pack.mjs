// `npm run pack:sdk [-- FOLDER]`: the SDK as an npm package without workspace imports or dependencies: zkrisk-sdk-VERSION.tgz in FOLDER.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { bootstrap, root } from '../bootstrap.mjs';
import { bundle } from './bundle.mjs';

const { version, license, engines, dependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);
const out = resolve(process.argv[2] ?? join(root, 'reports'));

function run(command, args, cwd = root) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** Types of the entries: the compiler's declarations of the files they reach, with the libraries' names resolved within the package. */
function declare(folder) {
  const compiled = mkdtempSync(join(tmpdir(), 'zkrisk-sdk-types-'));
  try {
    const project = join(root, 'scripts', 'sdk', 'tsconfig.json');
    run(process.execPath, [
      join(root, 'node_modules', 'typescript-native', 'bin', 'tsc'),
      '-p',
      project,
      '--outDir',
      compiled,
    ]);
    const types = join(folder, 'types');
    for (const path of [
      'sdk/src',
      'commitment/src/digest.d.ts',
      'commitment/src/included-account.d.ts',
      'commitment/src/inclusion.d.ts',
      'commitment/src/journal-writer.d.ts',
      'commitment/src/recorded-journal.d.ts',
      'commitment/src/running-book.d.ts',
      'commitment/src/sums.d.ts',
      'commitment/src/trade-journal.d.ts',
      'commitment/src/trade-receipt.d.ts',
      'errors/src',
      'liquidation/src/certificate/plan.d.ts',
      'liquidation/src/certificate/witness.d.ts',
      'liquidation/src/program',
      'liquidation/src/verify/verify.d.ts',
      'margin/src',
      'messages/src/streams/channels.d.ts',
      'messages/src/streams/merge-patch.d.ts',
    ])
      cpSync(join(compiled, 'libs', path), join(types, path), { recursive: true });
    const index = (library, ...files) => {
      writeFileSync(
        join(types, library, 'src', 'index.d.ts'),
        files.map((file) => `export * from './${file}.js';\n`).join(''),
      );
    };
    index('commitment', 'digest', 'included-account', 'inclusion', 'sums', 'trade-journal', 'trade-receipt');
    index('liquidation', 'certificate/plan', 'verify/verify', 'program/liquidation-case');
    index('messages', 'streams/channels', 'streams/merge-patch');
  } finally {
    rmSync(compiled, { recursive: true, force: true });
  }
}

await bootstrap();
const folder = mkdtempSync(join(tmpdir(), 'zkrisk-sdk-'));
try {
  await bundle({ index: 'sdk/src/public.js', kafka: 'sdk/src/quote-channel.js' }, join(folder, 'dist'), 'es');
  declare(folder);
  const entry = (name, types) => ({ types: `./types/sdk/src/${types}.d.ts`, default: `./dist/${name}.js` });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify(
      {
        ...{ name: '@zkrisk/sdk', version, license, type: 'module', engines },
        description: 'Quotes, streams, history and checked liquidations of a zkrisk exchange, typed',
        exports: { '.': entry('index', 'public'), './kafka': entry('kafka', 'quote-channel') },
        imports: { '#lib/*': { types: './types/*/src/index.d.ts' } },
        files: ['dist', 'types'],
        sideEffects: false,
        peerDependencies: { kafkajs: dependencies.kafkajs },
        peerDependenciesMeta: { kafkajs: { optional: true } },
      },
      null,
      2,
    ),
  );
  cpSync(join(root, 'libs', 'sdk', 'README.md'), join(folder, 'README.md'));
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  mkdirSync(out, { recursive: true });
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', out], folder));
  process.stdout.write(`${join(out, filename)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
