// The checker of certificates as one script for any JavaScript engine.
import { join } from 'node:path';
import { root } from '../bootstrap.mjs';
import { bundle } from './bundle.mjs';

/** Writes checker.js into the Python package. */
export async function bundleChecker() {
  await bundle({ checker: 'sdk/src/checker.js' }, join(root, 'python', 'src', 'zkrisk'), 'iife');
}
