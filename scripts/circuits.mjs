// `npm run circuits`: rebuilds the artifacts of every circuit from its builder. `-- --check` builds them beside and compares:
// on the same SRS they must come out byte for byte.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeLayout } from './layout.mjs';

const circuits = join(dirname(dirname(fileURLToPath(import.meta.url))), 'circuits');
const artifacts = join(circuits, 'artifacts');
const python = join(circuits, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

function run(command, args) {
  process.stderr.write(`${relative(circuits, command) || command} ${args.join(' ')} …\n`);
  const { status } = spawnSync(command, args, { cwd: circuits, stdio: ['ignore', 2, 2] });
  return status === 0;
}

function files(folder, wanted) {
  return readdirSync(folder, { recursive: true }).map(String).filter(wanted).sort();
}

/** Digest of everything that the build depends on. */
export function builderDigest() {
  const hash = createHash('sha256');
  const sources = [
    'build.py',
    'requirements.txt',
    ...files(join(circuits, 'zkcircuits'), (f) => f.endsWith('.py')).map((f) => `zkcircuits/${f}`),
  ];
  for (const file of sources)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(circuits, file)))
      .update('\0');
  return hash.digest('hex');
}

/** Makes the Python of the builders, which is that of native ezkl, where it is not there yet; false where it cannot be made. */
export function nativeEnvironment() {
  if (existsSync(python)) return true;
  const made =
    run(process.env.PYTHON ?? 'python3', ['-m', 'venv', '.venv']) &&
    run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', 'requirements.txt']);
  if (!made) rmSync(join(circuits, '.venv'), { recursive: true, force: true });
  return made;
}

function build(output, names = []) {
  // The interpreter may abort at exit after its files are written: the files decide, which are compared below.
  run(python, ['build.py', output, ...names]);
  writeFileSync(join(output, 'builders.sha256'), `${builderDigest()}\n`);
}

function check() {
  const scratch = mkdtempSync(join(tmpdir(), 'zkrisk-circuits-'));
  try {
    cpSync(join(artifacts, 'srs'), join(scratch, 'srs'), { recursive: true });
    build(scratch);
    const all = new Set([artifacts, scratch].flatMap((folder) => files(folder, (f) => /\.\w+$/.test(f))));
    const differing = [...all].filter((file) => {
      const [a, b] = [join(artifacts, file), join(scratch, file)];
      return !existsSync(a) || !existsSync(b) || !readFileSync(a).equals(readFileSync(b));
    });
    for (const file of differing) process.stderr.write(`differs: ${file}\n`);
    process.stderr.write(differing.length === 0 ? `${all.size} artifacts are what the builders make\n` : '');
    return differing.length === 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!nativeEnvironment()) process.exit(1);
  if (process.env.ZKRISK_SRS !== undefined) {
    // A ceremony's keys belong to whoever deploys with it: they are made beside the committed ones.
    process.env.ZKRISK_SRS = resolve(process.env.ZKRISK_SRS);
    run(python, ['build.py', 'ceremony']);
    process.exit(existsSync(join(circuits, 'ceremony', 'bar', 'verifying-key.bin')) ? 0 : 1);
  }
  if (process.argv.includes('--check')) process.exit(check() ? 0 : 1);
  // `-- bar price` rebuilds these alone, `-- layout` only says anew where public values are.
  const names = process.argv.slice(2);
  if (names.length > 0) {
    build(artifacts, names);
    writeLayout();
    process.exit(0);
  }
  for (const folder of existsSync(artifacts) ? readdirSync(artifacts) : [])
    if (folder !== 'srs') rmSync(join(artifacts, folder), { recursive: true, force: true });
  build(artifacts);
  writeLayout();
}
