// Results of mutants that are kept between runs, for `npm run mutants`.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/**
 * Results of earlier runs, whichever files they were of. A mutant that was noticed stays so while its file and the spec that has noticed it
 * are the same, any other while all specs are.
 *
 * @param {string} file a line a result; written as results come, so that a run that is ended early has not been in vain
 * @param {string[]} specs paths of all specs
 * @param {string} limits under which mutants that are not noticed are tried
 * @returns {{ get(mutant: object): object | undefined, add(mutant: object, result: object): void }}
 */
export function keptResults(file, specs, limits) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const results = new Map(lines.filter((line) => line.endsWith(']')).map((line) => JSON.parse(line)));
  const digests = new Map();
  const digestOfFile = (path) => {
    if (!digests.has(path)) digests.set(path, createHash('sha256').update(readFileSync(path)).digest('hex'));
    return digests.get(path);
  };
  const all = createHash('sha256').update(limits);
  for (const path of specs) all.update(digestOfFile(path));
  const ofAll = all.digest('hex');
  const under = ({ killedBy }) =>
    killedBy === undefined ? ofAll : existsSync(specOf(killedBy)) ? digestOfFile(specOf(killedBy)) : 'gone';
  const keyOf = ({ fileName, location: { start, end }, mutatorName, replacement }) => {
    const place = `${start.line}:${start.column}-${end.line}:${end.column}`;
    return `${digestOfFile(fileName)} ${place} ${mutatorName} ${replacement}`;
  };
  return {
    get(mutant) {
      const known = results.get(keyOf(mutant));
      return known?.under === undefined || known.under !== under(known.result) ? undefined : known.result;
    },
    add(mutant, result) {
      appendFileSync(file, `${JSON.stringify([keyOf(mutant), { result, under: under(result) }])}\n`);
    },
  };
}

const specOf = (killedBy) => killedBy[0].split('#', 1)[0];
