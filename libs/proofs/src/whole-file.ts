import { renameSync, writeFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

/**
 * Writes a file that is there whole or not at all. Another process or thread that writes it at the same time writes the same bytes, into a
 * file of its own.
 */
export function writeWhole(path: string, bytes: Uint8Array): void {
  const part = `${path}.${process.pid}-${threadId}`;
  writeFileSync(part, bytes);
  renameSync(part, path);
}
