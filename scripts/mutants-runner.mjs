// Stryker's test runner for `npm run mutants`: one process loads the specs once and runs their tests again for each mutant. Stryker's
// own runner starts vitest's worker and loads every module anew for each mutant, which takes ten times as long as the tests.
//
// Tests of a mutant run in order of their duration, and stop at the first that fails. A failure counts only where the same test passes
// again at once without the mutant: a process that a mutant has left in disorder ends, and its mutant is tried in a fresh one.
import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Slower tests are not asked about mutants; a mutant that only they would notice counts as not noticed. */
const LONGEST_TEST_MS = Number(process.env.ZKRISK_MUTANT_TEST_MS ?? 1_000);
/** A hanging promise is given up after this time; loops are ended by Stryker's limit of hits. */
const HANGING_MS = 10_000;

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

  constructor() {
    this.#switch = globalThis.__stryker__ ??= {};
  }

  capabilities() {
    return { reloadEnvironment: false };
  }

  async init() {
    // What `vi` reads of a worker.
    globalThis.__vitest_worker__ = { config: { ...CONFIG, fakeTimers: {} }, ctx: {}, environment: {} };
    process.env.VITEST = '1';
    process.env.NODE_ENV = 'test';
    this.#vitest = await import('@vitest/runner');
    await load('dist/test/support/property-seed.js');
    const fc = (await import('fast-check')).default;
    // A counterexample need not be made small.
    fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });
    const specs = (process.env.ZKRISK_MUTANT_SPECS ?? '').split(',').map((file) => resolve(file));
    this.#files = await this.#vitest.collectTests(specs, { config: CONFIG, importFile: load });
    const broken = this.#files.filter(({ result }) => result?.state === 'fail');
    if (broken.length > 0) throw new Error(`${broken[0].filepath}: ${broken[0].result.errors[0].message}`);
  }

  async dryRun() {
    const found = [];
    this.#switch.activeMutant = undefined;
    for (const test of this.#files.flatMap((file) => testsOf(file))) {
      const id = idOf(test);
      this.#switch.currentTestId = id;
      const started = performance.now();
      const error = await this.#run(test);
      const timeSpentMs = performance.now() - started;
      this.#switch.currentTestId = undefined;
      const status = error === undefined ? 0 : 1;
      found.push({
        ...{ id, name: id, fileName: test.file.filepath, timeSpentMs, status },
        failureMessage: String(error?.stack ?? error),
      });
      this.#tests.set(id, { test, timeSpentMs });
      if (timeSpentMs > LONGEST_TEST_MS && this.#switch.mutantCoverage?.perTest)
        delete this.#switch.mutantCoverage.perTest[id];
    }
    const slow = found.filter(({ timeSpentMs }) => timeSpentMs > LONGEST_TEST_MS);
    for (const { id, timeSpentMs } of slow)
      process.stdout.write(`not asked, ${(timeSpentMs / 1000).toFixed(1)} s: ${id}\n`);
    return { status: 'complete', tests: found, mutantCoverage: this.#switch.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }) {
    if (this.#tests.size === 0) await this.dryRun();
    const asked = (testFilter ?? [...this.#tests.keys()])
      .map((id) => ({ id, ...this.#tests.get(id) }))
      .sort((a, b) => a.timeSpentMs - b.timeSpentMs);
    this.#switch.hitLimit = hitLimit;
    this.#switch.hitCount = 0;
    for (const [index, { id, test }] of asked.entries()) {
      this.#switch.activeMutant = activeMutant.id;
      const error = await this.#run(test);
      this.#switch.activeMutant = undefined;
      const endless = this.#switch.hitCount > hitLimit;
      this.#switch.hitCount = hitLimit === undefined ? undefined : 0;
      if (endless) return { status: 'timeout', reason: 'hit limit' };
      if (error === undefined) continue;
      if ((await this.#run(test)) !== undefined)
        throw new Error(`disordered by mutant ${activeMutant.id}: ${id}`);
      const failureMessage = String(error?.message ?? error).slice(0, 500);
      return { status: 'killed', killedBy: [id], failureMessage, nrOfTests: index + 1 };
    }
    return { status: 'survived', nrOfTests: asked.length };
  }

  /** Runs a test with all hooks around it, those of its suites included, so that a fixture too is made by mutated code. */
  async #run(test) {
    const suites = [];
    for (
      let suite = test.suite ?? test.file;
      suite;
      suite = suite.suite ?? (suite === test.file ? undefined : test.file)
    )
      suites.unshift(suite);
    const hooks = suites.map((suite) => ({ suite, ...this.#vitest.getHooks(suite) }));
    const cleanups = [];
    let failure;
    const attempt = async (run) => {
      try {
        return await inTime(run());
      } catch (error) {
        failure ??= error ?? new Error('failed');
        return undefined;
      }
    };
    for (const { beforeAll, suite } of hooks)
      for (const hook of beforeAll ?? []) cleanups.unshift(await attempt(() => hook(test.context, suite)));
    for (const { beforeEach, suite } of hooks)
      for (const hook of beforeEach ?? []) cleanups.unshift(await attempt(() => hook(test.context, suite)));
    if (failure === undefined) await attempt(() => this.#vitest.getFn(test)());
    for (const { afterEach, suite } of hooks.toReversed())
      for (const hook of afterEach ?? []) await attempt(() => hook(test.context, suite));
    for (const cleanup of cleanups) if (typeof cleanup === 'function') await attempt(cleanup);
    for (const { afterAll, suite } of hooks.toReversed())
      for (const hook of afterAll ?? []) await attempt(() => hook(suite));
    return failure;
  }
}

const load = (file) => import(pathToFileURL(resolve(file)).href);

function inTime(promise) {
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
