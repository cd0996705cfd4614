import { readdirSync, readFileSync } from 'node:fs';

/** Resources that a part of the exchange has used. */
export interface Used {
  /** seconds of processor time since its start */
  readonly cpu: number;
  /** resident memory, MiB; pages that processes share are counted for each */
  readonly memory: number;
}

/** Clock ticks of `/proc`, which Linux fixes for programs. */
const TICKS_PER_SECOND = 100;
const PAGE_MIB = 4096 / 2 ** 20;

/** Used by the services, the broker and the database so far, by name; empty where there is no `/proc`. */
export function usedByPart(): Map<string, Used> {
  const parts = new Map<string, Used>();
  for (const pid of pids()) {
    try {
      const part = partOf(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      if (part === undefined) continue;
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field is a name in parentheses, which may hold spaces.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // Of its ended children too: a database's connections come and go.
      const cpu =
        (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])) /
        TICKS_PER_SECOND;
      const known = parts.get(part) ?? { cpu: 0, memory: 0 };
      parts.set(part, { cpu: known.cpu + cpu, memory: known.memory + Number(fields[21]) * PAGE_MIB });
    } catch {
      // It has ended meanwhile.
    }
  }
  return parts;
}

function pids(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function partOf(command: string): string | undefined {
  const service = /apps\/(\w+)\/src\/main\.js/.exec(command)?.[1];
  if (service !== undefined) return service;
  if (command.includes('kafka.Kafka')) return 'kafka';
  return command.startsWith('postgres') || command.includes('bin/postgres ') ? 'postgres' : undefined;
}
