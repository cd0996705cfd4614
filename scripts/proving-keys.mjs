// Makes what proofs of a whole test run share, each once and before the first proof: the Python of rules, native ezkl, and the proving
// keys of all circuits. Native ezkl makes the engine's keys byte for byte, several times as fast.
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = dirname(import.meta.dirname);

/** Folder of the keys of tests; their names hold the digest of their circuit. */
export const PROVING_KEYS = join(root, 'node_modules', '.cache', 'zkrisk', 'proving-keys');

/** Exit status where proofs are the engine's. */
export const NO_NATIVE = 3;

const compiled = (room) => import(pathToFileURL(join(root, 'dist', 'libs', room, 'src', 'index.js')).href);

async function makeKeys(note) {
  const proofs = await compiled('proofs');
  const environment = { ...process.env, PROVER_BACKEND: 'native', ZKRISK_PROVING_KEYS: PROVING_KEYS };
  const prover = proofs.createProver({ threads: availableParallelism() }, environment);
  const { barStatement, liquidationStatement, priceStatement, lossStatement, reductionStatement } = proofs;
  const statements = [barStatement, liquidationStatement, priceStatement, lossStatement, reductionStatement];
  try {
    for (const statement of statements) {
      const started = Date.now();
      await prover.prepare(statement);
      note(`keys of ${statement.name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
    }
  } finally {
    await prover.close();
  }
}

// A process of its own: pip and ezkl keep it busy for minutes. Its status tells whether native ezkl is there.
if (process.argv[1] === import.meta.filename) {
  const note = (text) => process.stdout.write(`${text}\n`);
  const { rulesPython } = await compiled('rules');
  const { nativeEnvironment } = await import('./circuits.mjs');
  // A spec that needs it says why it is not there.
  const rules = rulesPython(note).catch((error) => note(error.message));
  const native = nativeEnvironment();
  if (native) await makeKeys(note);
  else note('there is no native ezkl: the engine proves');
  await rules;
  process.exit(native ? 0 : NO_NATIVE);
}
