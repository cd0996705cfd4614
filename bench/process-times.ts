import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** seconds of CPU time, its dead children's included */
  readonly cpu: number;
}

/** Every process of the machine, from /proc. */
function processes(): Process[] {
  return readdirSync('/proc').flatMap((entry): Process[] => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const cpu =
        (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])) /
        TICKS_PER_SECOND;
      return [{ pid: Number(entry), parent: Number(fields[1]), name, cpu }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

/** Milliseconds of CPU time of this thread; Linux has them. */
export function threadCpuMs(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
}

/** CPU seconds of this run's processes so far: of children of this one, and theirs. */
export function cpuOf(pricer: number): { pricer: number; postgres: number; kafka: number; sender: number } {
  const all = processes();
  const ours = new Set([process.pid]);
  for (let before = 0; before < ours.size;) {
    before = ours.size;
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid);
  }
  const sum = (wanted: (each: Process) => boolean) =>
    all.filter((each) => ours.has(each.pid) && wanted(each)).reduce((total, { cpu }) => total + cpu, 0);
  const { user, system } = process.cpuUsage();
  return {
    pricer: sum(({ pid }) => pid === pricer),
    postgres: sum(({ name }) => name === 'postgres'),
    kafka: sum(({ name }) => name === 'java'),
    sender: (user + system) / 1e6,
  };
}
