import type { Lane } from './lane.js';

/** The units of a lane, where keyed topics have `keyed` partitions. */
export function unitsOf(lane: Lane, keyed: number): number[] {
  return lane.spread === 'single' ? [0] : Array.from({ length: keyed }, (_, unit) => unit);
}
