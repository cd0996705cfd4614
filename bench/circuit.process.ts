// Makes and verifies one proof in a process of its own and tells, as JSON, how long it took and how much memory it needed.
import { readFileSync } from 'node:fs';
import { createProver, statementOf } from '#lib/proofs';

const [name, file] = process.argv.slice(2);
const statement = statementOf(name);
const input = statement.parse(JSON.parse(readFileSync(file, 'utf8')));
const prover = createProver();
// Keys are made once a data directory; they are not part of a proof.
const document = await prover.prove(statement, input);
const seconds: number[] = [];
for (let i = 0; i < 2; i++) {
  const started = performance.now();
  await prover.prove(statement, input);
  seconds.push((performance.now() - started) / 1000);
}
const started = performance.now();
const { failures } = await prover.verify(statement, document);
const verify = (performance.now() - started) / 1000;
if (failures.length > 0) throw new Error(failures.join('; '));
await prover.close();
const memory = process.resourceUsage().maxRSS / 1024;
process.stdout.write(`${JSON.stringify({ document, prove: Math.min(...seconds), verify, memory })}\n`);
