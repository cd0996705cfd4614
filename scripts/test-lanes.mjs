// The complete run's lanes. System specs are mostly idle: two of them run beside each other, the longest first. What keeps processors
// busy (proofs, properties, forgeries) runs in two lanes of a lower priority, which take only the time that services leave.
import { join, relative } from 'node:path';
import { root } from './bootstrap.mjs';
import { outputOf } from './child-output.mjs';
import { DURATIONS, USUAL } from './test-durations.mjs';
import { sourceOf } from './vitest-results.mjs';

/** Minutes that `npm run test:all -- --rest` may take on two cores where nothing else runs. */
const BUDGET_MINUTES = 30;
const CORES = 2;
/** No file begins later, and none runs longer: CI's hour also has `npm test` in it, and its machine may be slower. */
const DEADLINE_MINUTES = 38;
const LANES = { system: 2, busy: 2 };
/** How far the priority of the busy lanes is lowered. */
const NICENESS = 10;
/** Files of the project `system` that start no service: they compute. */
const COMPUTING = ['test/system/simulation', 'test/adversary/system/colluders'];
/** Files that prove with the keys of `proving-keys.mjs`, besides those of the project `proof`. */
const PROVING = ['test/system/topology', 'test/system/web-proofs'];

/**
 * @typedef {object} Job
 * @property {string} name the file's, or what it does
 * @property {string[]} options of vitest
 * @property {'system' | 'busy'} lane
 * @property {boolean} [proves] waits for the proving keys
 */

const expected = ({ name }) => DURATIONS[name] ?? USUAL;
const minutes = (seconds) => (seconds / 60).toFixed(1);

/** The spec files of two projects as jobs. */
export async function specJobs(leaveOut) {
  const { output } = await outputOf(
    join(root, 'node_modules', '.bin', 'vitest'),
    ['list', '--project', 'system', '--project', 'proof', '--filesOnly', '--json'],
    { cwd: root },
  );
  const listed = JSON.parse(output.slice(output.indexOf('[\n')));
  return listed
    .map(({ file, projectName }) => ({ file: relative(root, file), project: projectName }))
    .filter(({ file }) => file !== leaveOut)
    .map(({ file, project }) => {
      const name = sourceOf(file);
      const among = (names) => names.some((part) => name.startsWith(part));
      return {
        name,
        options: ['--project', project, file],
        lane: project === 'proof' || among(COMPUTING) ? 'busy' : 'system',
        proves: project === 'proof' || among(PROVING),
      };
    });
}

/**
 * Runs jobs, each as soon as a lane of its kind is free, the longest first.
 *
 * @param {Job[]} jobs
 * @param {Promise<void>} keys until they are made no job begins that proves
 * @param {(job: Job, run: { niceness: number, signal: AbortSignal }) => Promise<void>} run
 * @param {number} started when the budget began, milliseconds
 * @returns {Promise<string[]>} names of the jobs that had no time before the deadline
 */
export async function runLanes(jobs, keys, run, started) {
  const queues = { system: [], busy: [] };
  const longest = jobs.toSorted((a, b) => expected(b)[0] - expected(a)[0]);
  for (const job of longest) queues[job.lane].push(job);
  printPlan(queues);
  const late = new AbortController();
  const rest = Math.max(0, started + DEADLINE_MINUTES * 60_000 - Date.now());
  const timer = setTimeout(() => late.abort(), rest);
  let ready = false;
  const prepared = keys.then(() => (ready = true));
  const notRun = [];
  const lane = async (kind) => {
    const queue = queues[kind];
    while (queue.length > 0) {
      const at = queue.findIndex(({ proves }) => ready || !proves);
      if (at < 0) {
        await prepared;
        continue;
      }
      const [job] = queue.splice(at, 1);
      if (late.signal.aborted) notRun.push(job.name);
      else await run(job, { niceness: kind === 'busy' ? NICENESS : 0, signal: late.signal });
    }
  };
  await Promise.all(
    Object.entries(LANES).flatMap(([kind, count]) => Array.from({ length: count }, () => lane(kind))),
  );
  clearTimeout(timer);
  return notRun;
}

function printPlan(queues) {
  for (const [kind, queue] of Object.entries(queues)) {
    const sum = (at) => queue.reduce((total, job) => total + expected(job)[at], 0);
    process.stdout.write(
      `${LANES[kind]} ${kind} lanes: ${queue.length} files, about ${minutes(sum(0))} minutes one after the other, ` +
        `${minutes(sum(1))} of CPU; ${queue
          .slice(0, 4)
          .map(({ name }) => name)
          .join(', ')} first\n`,
    );
  }
}

/** @returns how the run compares with its budget, which fails nothing: processors differ in speed. */
export function budgetVerdict(wallSeconds, cpuSeconds) {
  const over = wallSeconds / 60 - BUDGET_MINUTES;
  const needs = cpuSeconds / 60 / CORES;
  const taken = `${minutes(wallSeconds)} minutes, ${over > 0 ? `${over.toFixed(1)} over` : 'within'} the budget of ${BUDGET_MINUTES}`;
  return `${taken}; ${minutes(cpuSeconds)} minutes of CPU, on ${CORES} idle cores at least ${needs.toFixed(1)}`;
}
