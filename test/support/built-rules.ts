import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { ruleFolder, RULES } from '#lib/rules';
import { buildRuleCommand, type RuleCosts } from '../../apps/cli/src/rule-files.command.js';
import { putInPlace } from './put-in-place.js';
import { ROOT } from './python.js';

const KEPT = join(ROOT, 'node_modules', '.cache', 'zkrisk', 'built-rules');
const SUMMARY = 'summary.json';

/** Digest of a rule's file and of everything that makes its circuit. */
function digestOf(file: string): string {
  const hash = createHash('sha256')
    .update(readFileSync(file))
    .update(`\0${basename(file)}\0`);
  for (const folder of [join(RULES, 'zkrules'), join(ROOT, 'circuits', 'zkcircuits')])
    for (const name of readdirSync(folder).sort())
      if (name.endsWith('.py')) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return hash.update(readFileSync(join(RULES, 'requirements.txt'))).digest('hex');
}

/**
 * Does `zkrisk rule build` where the same rule was not built by the same compiler yet: several specs prove the same rules, and compiling
 * one takes longer than proving it. The built folder is the file's own, its secrets are those of the first build.
 */
export async function buildRule(file: string): Promise<RuleCosts> {
  const kept = join(KEPT, digestOf(file));
  if (!existsSync(kept)) {
    const making = `${kept}.${process.pid}`;
    mkdirSync(making, { recursive: true });
    const copy = join(making, basename(file));
    copyFileSync(file, copy);
    const { costs } = await buildRuleCommand(copy);
    writeFileSync(join(making, SUMMARY), JSON.stringify(costs));
    putInPlace(making, kept);
  }
  cpSync(ruleFolder(join(kept, basename(file))), ruleFolder(file), { recursive: true });
  return JSON.parse(readFileSync(join(kept, SUMMARY), 'utf8')) as RuleCosts;
}
