// A vitest reporter that writes the figures that scripts/test.mjs adds up: counts, skipped and failed tests by name, seconds of each file.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/** File that the results are written to. */
export const RESULTS_FILE = 'ZKRISK_TEST_RESULTS';

/** Path of the source of a compiled spec; that of a spec that runs on its source is its own. */
export function sourceOf(path) {
  return path.replace(/^dist\//, '').replace(/\.js$/, '.ts');
}

const firstLine = (error) => String(error?.message ?? 'failed').split('\n', 1)[0];

export default class ResultsReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const results = { passed: 0, failed: unhandledErrors.length, skipped: [], failures: [], files: [] };
    const fail = (where, errors) => results.failures.push(`${where}: ${firstLine(errors[0])}`);
    for (const error of unhandledErrors) fail('outside tests', [error]);
    for (const module of modules) {
      const name = sourceOf(relative(process.cwd(), module.moduleId));
      let failedTests = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') results.passed++;
        else if (state === 'failed') {
          failedTests++;
          fail(`${name}: ${test.fullName}`, test.result().errors);
        } else results.skipped.push(`${name}: ${test.fullName}`);
      }
      // A file that cannot be loaded, or whose hooks fail, has no failed test of its own.
      const fileFailed = failedTests === 0 && module.state() === 'failed';
      if (fileFailed) fail(name, module.errors());
      results.failed += fileFailed ? 1 : failedTests;
      const { collectDuration, setupDuration, duration } = module.diagnostic();
      results.files.push({ name, seconds: (collectDuration + setupDuration + duration) / 1000 });
    }
    const file = process.env[RESULTS_FILE];
    if (file !== undefined) writeFileSync(file, JSON.stringify(results));
  }
}
