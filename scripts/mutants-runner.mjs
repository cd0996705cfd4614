// Stryker's test runner for `npm run mutants`: one process loads the specs once and runs their tests again for each mutant. Stryker's
// own runner starts vitest's worker and loads every module anew for each mutant, which takes ten times as long as the tests.
//
// Tests of a mutant run in order of their duration, those that have noticed others of its file sooner, and stop at the first that
// fails. A failure counts only where the same test passes again at once without the mutant: a process that a mutant has left in
// disorder ends, and its mutant is tried in a fresh one.
import { createHash } from 'node:crypto';
import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { drawFewExamples } from './mutants-examples.mjs';
import { keptResults } from './mutants-results.mjs';

/** Tests that take more CPU time are not asked about mutants; a mutant that only they would notice counts as not noticed. */
const LONGEST_TEST_MS = Number(process.env.ZKRISK_MUTANT_TEST_MS ?? 1_500);
/** CPU time that one mutant is given; after it the tests that are left are not asked, and it counts as not noticed. */
const LONGEST_MUTANT_MS = Number(process.env.ZKRISK_MUTANT_MS ?? 3_000);
/** A hanging promise is given up after this time; loops are ended by Stryker's limit of hits. */
const HANGING_MS = 10_000;

/**
 * Whether a random sample of mutants has one. Its number is the same in each run on the same code.
 *
 * @param {string} id number that Stryker gives it
 * @param {{ percent: number, seed: number }} sample
 */
export function sampled(id, { percent, seed }) {
  return createHash('sha256').update(`${seed}:${id}`).digest().readUInt32BE() < (percent / 100) * 2 ** 32;
}

/** Vitest's runner reads these settings; the values are those of vitest. */
const CONFIG = {
  root: process.cwd(),
  sequence: { hooks: 'stack', setupFiles: 'list', shuffle: false, concurrent: false },
  setupFiles: [],
  allowOnly: true,
  passWithNoTests: false,
  maxConcurrency: 1,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 0,
  tags: [],
  includeTaskLocation: false,
};

class SpecsRunner {
  /** @type {{ collectTests: Function, getFn: Function, getHooks: Function }} */
  #vitest;
  #switch;
  #files = [];
  /** By id: the test and how long it took without a mutant. */
  #tests = new Map();
  /** By suite with `beforeAll`: how long it took, and the mutants in the code that it runs. */
  #hooks = new Map();
  /** By suite: the mutant that was on when its fixtures were made, and how they are removed. */
  #fixtures = new Map();
  /** By source file: how many of its mutants each test has noticed. The next mutant is likely to be noticed by the same. */
  #noticed = new Map();
  /** results of earlier runs */
  #kept;

  constructor() {
    this.#switch = globalThis.__stryker__ ??= {};
  }

  capabilities() {
    return { reloadEnvironment: false };
  }

  async init() {
    // `vi` reads these of a worker.
    globalThis.__vitest_worker__ = { config: { ...CONFIG, fakeTimers: {} }, ctx: {}, environment: {} };
    process.env.VITEST = '1';
    process.env.NODE_ENV = 'test';
    this.#vitest = await import('@vitest/runner');
    drawFewExamples();
    await load('dist/test/support/property-seed.js');
    const fc = (await import('fast-check')).default;
    // A counterexample need not be made small.
    fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });
    const specs = (process.env.ZKRISK_MUTANT_SPECS ?? '').split(',').map((file) => resolve(file));
    this.#files = await this.#vitest.collectTests(specs, { config: CONFIG, importFile: load });
    const broken = this.#files.find(({ result }) => result?.state === 'fail');
    if (broken !== undefined) throw new Error(`${broken.filepath}: ${broken.result.errors[0].message}`);
  }

  async dryRun() {
    const found = [];
    for (const test of this.#files.flatMap((file) => testsOf(file))) {
      const id = idOf(test);
      let error = await this.#prepare(test, undefined);
      this.#switch.currentTestId = id;
      const started = cpuMs();
      error ??= await this.#body(test);
      const timeSpentMs = cpuMs() - started;
      this.#switch.currentTestId = undefined;
      // Few examples may be too few for a test that counts outcomes.
      found.push({
        id,
        name: id,
        fileName: test.file.filepath,
        timeSpentMs,
        status: error === undefined ? 0 : 2,
        error,
      });
      this.#tests.set(id, { test, timeSpentMs });
    }
    const perTest = this.#switch.mutantCoverage?.perTest ?? {};
    for (const hooks of this.#hooks.values()) {
      hooks.covered = perTest[hooks.id] ?? {};
      delete perTest[hooks.id];
    }
    for (const { id, timeSpentMs, error } of found) {
      if (timeSpentMs > LONGEST_TEST_MS || error !== undefined) {
        delete perTest[id];
        const why = error === undefined ? `${(timeSpentMs / 1000).toFixed(1)} s` : `fails: ${error.message}`;
        process.stdout.write(`not asked, ${why}: ${id}\n`);
        continue;
      }
      // Fixtures belong to each test that uses them.
      for (const suite of suitesOf(this.#tests.get(id).test))
        for (const [mutant, hits] of Object.entries(this.#hooks.get(suite)?.covered ?? {})) {
          perTest[id] ??= {};
          perTest[id][mutant] = (perTest[id][mutant] ?? 0) + hits;
        }
    }
    const tests = found.map(({ error: _error, ...test }) => test);
    return { status: 'complete', tests, mutantCoverage: this.#switch.mutantCoverage };
  }

  async mutantRun(options) {
    const { activeMutant } = options;
    const sample = process.env.ZKRISK_MUTANT_SAMPLE;
    if (sample !== undefined && !sampled(activeMutant.id, JSON.parse(sample)))
      return { status: 'error', errorMessage: 'not in the sample' };
    const kept = (this.#kept ??= keptResults(
      process.env.ZKRISK_MUTANT_RESULTS,
      this.#files.map(({ filepath }) => filepath),
      `${LONGEST_TEST_MS} ${LONGEST_MUTANT_MS}`,
    ));
    const known = kept.get(activeMutant);
    if (known !== undefined) return known;
    const result = await this.#try(options);
    kept.add(activeMutant, result);
    return result;
  }

  async #try({ activeMutant: { id: mutant, fileName }, testFilter, hitLimit }) {
    if (this.#tests.size === 0) await this.dryRun();
    const costs = (test) =>
      suitesOf(test)
        .map((suite) => this.#hooks.get(suite))
        .filter((hooks) => hooks !== undefined && mutant in hooks.covered)
        .reduce((sum, { timeSpentMs }) => sum + timeSpentMs, 0);
    const noticed = this.#noticed.get(fileName) ?? new Map();
    this.#noticed.set(fileName, noticed);
    const asked = (testFilter ?? [...this.#tests.keys()])
      .map((id) => ({ id, ...this.#tests.get(id) }))
      .map((one) => ({
        ...one,
        cost: (one.timeSpentMs + costs(one.test)) / (1 + (noticed.get(one.id) ?? 0)),
      }))
      .sort((a, b) => a.cost - b.cost);
    const started = cpuMs();
    const run = async (test, active) =>
      (await this.#prepare(test, active)) ?? (await this.#under(active, () => this.#body(test)));
    // Stryker allows a hundred times the hits of all tests together. No one test of a loop that ends comes near three times.
    const limit = hitLimit === undefined ? undefined : 0.03 * hitLimit + 10_000;
    this.#switch.hitLimit = limit;
    for (const [index, { id, test }] of asked.entries()) {
      if (cpuMs() - started > LONGEST_MUTANT_MS) return { status: 'survived', nrOfTests: index };
      this.#switch.hitCount = 0;
      const error = await run(test, mutant);
      if (this.#switch.hitCount > limit) return { status: 'timeout', reason: 'hit limit' };
      if (error === undefined) continue;
      if ((await run(test, undefined)) !== undefined)
        throw new Error(`mutant ${mutant} has left disorder: ${id} fails without it`);
      const failureMessage = String(error?.message ?? error).slice(0, 500);
      noticed.set(id, 1 + (noticed.get(id) ?? 0));
      return { status: 'killed', killedBy: [id], failureMessage, nrOfTests: index + 1 };
    }
    return { status: 'survived', nrOfTests: asked.length };
  }

  async #under(mutant, run) {
    this.#switch.activeMutant = mutant;
    try {
      return await run();
    } finally {
      this.#switch.activeMutant = undefined;
    }
  }

  /**
   * Makes the fixtures that `beforeAll` makes, where they are not there as this mutant makes them.
   *
   * @returns what a hook has thrown; undefined: nothing
   */
  async #prepare(test, mutant) {
    let remade = false;
    for (const suite of suitesOf(test)) {
      const { beforeAll = [] } = this.#vitest.getHooks(suite);
      if (beforeAll.length === 0) continue;
      const { covered = {}, ...known } = this.#hooks.get(suite) ?? { id: `fixtures ${this.#hooks.size}` };
      const by = mutant in covered ? mutant : undefined;
      if (!remade && this.#fixtures.has(suite) && this.#fixtures.get(suite).by === by) continue;
      remade = true;
      await this.#remove(suite);
      const cleanups = [];
      this.#switch.currentTestId = known.id;
      const started = cpuMs();
      const failure = await this.#under(by, () =>
        attempt(async () => {
          for (const hook of beforeAll) cleanups.unshift(await inTime(hook(test.context, suite)));
        }),
      );
      this.#switch.currentTestId = undefined;
      if (!this.#hooks.has(suite))
        this.#hooks.set(suite, { ...known, covered, timeSpentMs: cpuMs() - started });
      this.#fixtures.set(suite, { by: failure === undefined ? by : NaN, cleanups });
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  async #remove(suite) {
    const { cleanups = [] } = this.#fixtures.get(suite) ?? {};
    if (this.#fixtures.delete(suite) === false) return;
    for (const cleanup of cleanups) if (typeof cleanup === 'function') await attempt(cleanup);
    for (const hook of this.#vitest.getHooks(suite).afterAll ?? []) await attempt(() => hook(suite));
  }

  /** The test with the hooks around each test. @returns what was thrown first; undefined: nothing */
  async #body(test) {
    const suites = suitesOf(test);
    const hooks = suites.map((suite) => ({ suite, ...this.#vitest.getHooks(suite) }));
    const cleanups = [];
    let failure;
    const step = async (run) => {
      const error = await attempt(() => inTime(run()));
      failure ??= error;
    };
    for (const { beforeEach, suite } of hooks)
      for (const hook of beforeEach ?? [])
        await step(async () => cleanups.unshift(await hook(test.context, suite)));
    if (failure === undefined) await step(() => this.#vitest.getFn(test)());
    for (const { afterEach, suite } of hooks.toReversed())
      for (const hook of afterEach ?? []) await step(() => hook(test.context, suite));
    for (const cleanup of cleanups) if (typeof cleanup === 'function') await step(cleanup);
    return failure;
  }
}

async function attempt(run) {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error ?? new Error('failed');
  }
}

/** The suites around a test, the file first. */
function suitesOf(test) {
  const suites = [];
  for (let suite = test.suite; suite !== undefined && suite !== test.file; suite = suite.suite)
    suites.unshift(suite);
  return [test.file, ...suites];
}

/** CPU time of this process: a test is as slow on a busy machine as on a calm one. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const load = (file) => import(pathToFileURL(resolve(file)).href);

async function inTime(promise) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`hangs for ${HANGING_MS} ms`)), HANGING_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function testsOf(suite) {
  return suite.tasks.flatMap((task) =>
    task.mode !== 'run' && task.mode !== 'queued' ? [] : task.type === 'suite' ? testsOf(task) : [task],
  );
}

function idOf(test) {
  const names = [test.name];
  for (let suite = test.suite; suite?.name && suite !== test.file; suite = suite.suite)
    names.unshift(suite.name);
  return `${relative(process.cwd(), test.file.filepath)}#${names.join(' › ')}`;
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'specs', factory: () => new SpecsRunner() }];
