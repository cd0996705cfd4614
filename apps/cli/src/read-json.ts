import { readFileSync } from 'node:fs';
import { messageOf, parseJson } from '#lib/errors';
import { UsageError } from '#lib/terminal';

/** @throws {UsageError} naming the file, where it cannot be read, is not JSON or has a key twice */
export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file}: cannot be read: ${messageOf(error)}`);
  }
  try {
    return parseJson(text, file);
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
