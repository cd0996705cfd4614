import { constants, getPriority, setPriority } from 'node:os';

const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority;

/** How far a thread steps back: niceness that is added to that of the process, of which 19 is the most there is. */
export const STEP_BACK = { some: PRIORITY_BELOW_NORMAL, far: PRIORITY_LOW } as const;

/**
 * Lets the other threads of this process, and other processes of its priority, go first where the calling thread and they want the processor.
 * Relative to the priority that the thread has: a process that runs at a low priority itself must not have background threads above its main one.
 * Does nothing where scheduling does not belong to a thread (other systems than Linux), or where it is not permitted: the thread competes as an equal.
 *
 * @param by niceness, of {@link STEP_BACK}
 */
export function stepBack(by: number): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, Math.min(PRIORITY_LOW, getPriority(0) + by));
  } catch {
    // Not permitted here.
  }
}
