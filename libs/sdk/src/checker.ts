import { messageOf, parseJson } from '#lib/errors';
import { verifyCertificate } from '#lib/liquidation';

// The checker as one function of text, for runtimes of other languages that have a JavaScript engine: scripts/sdk bundles it into one
// script, which the Python package carries.

function check(plan: string, tolerance?: number): string {
  try {
    const parsed = parseJson(plan, 'plan');
    return JSON.stringify(
      tolerance === undefined ? verifyCertificate(parsed) : verifyCertificate(parsed, tolerance),
    );
  } catch (error) {
    return JSON.stringify({ holds: false, failures: [messageOf(error)] });
  }
}

Object.assign(globalThis, { zkriskCheck: check });
