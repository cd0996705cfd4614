// `npm run bench`: bootstrap, then the benchmarks. `-- --peers` first makes the Python environment of the peers.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
const python = join(root, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
if (process.argv.includes('--peers') && !existsSync(python)) {
  const run = (command, args) => {
    process.stderr.write(`${command} ${args.join(' ')} …\n`);
    if (spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status !== 0) process.exit(1);
  };
  run('python3', ['-m', 'venv', '.venv']);
  run(python, ['-m', 'pip', 'install', '--quiet', '-r', 'bench/peers/requirements.txt']);
}
process.env.ZKRISK_PEERS_PYTHON ??= existsSync(python) ? python : '';
await import(pathToFileURL(join(root, 'dist/bench/main.js')).href);
