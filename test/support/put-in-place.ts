import { existsSync, renameSync, rmSync } from 'node:fs';

/** Moves a folder that was made beside its place there. Another file may have made the same meanwhile: the first one's stays. */
export function putInPlace(made: string, folder: string): void {
  if (existsSync(folder)) rmSync(made, { recursive: true });
  else renameSync(made, folder);
}
