import { readFileSync } from 'node:fs';
import { messageOf } from '#lib/errors';
import { UsageError } from '../usage-error.js';

/** A JSON file. @throws {UsageError} naming the file where it cannot be read or is not JSON */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(
      `${path}: cannot be read as JSON (${messageOf(error)}); give the path of a JSON file`,
    );
  }
}
