import { readFileSync } from 'node:fs';
import { messageOf } from '#lib/errors';
import { UsageError } from '../usage-error.js';

/** @throws {UsageError} naming the file, where it cannot be read or is not JSON */
export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file}: cannot be read: ${messageOf(error)}`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`${file}: is not JSON: ${messageOf(error)}`);
  }
}
