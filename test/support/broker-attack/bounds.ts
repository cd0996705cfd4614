import type { DataSource } from 'typeorm';
import type { ServiceProcess } from '../topology.js';
import type { Findings } from './calls.js';

/** Tables that keep a row an event, outcome or call, with a stated retention. */
const HISTORIES = [
  ...['book_event', 'command_outcome', 'journal', 'audit_log', 'outbox', 'liquidation', 'liquidation_event'],
  ...['ledger_snapshot_part', 'bar', 'risk_record', 'admin_approval', 'admin_nonce'],
];
/** The journal of a bar's trades grows with them, and is dropped when the bar has ended. */
const LASTING = "where service <> 'pricer-journal'";
const MEGABYTE = 1e6;

interface Sample {
  readonly at: number;
  /** bytes of heap in use, by service */
  readonly heaps: ReadonlyMap<string, number>;
  /** rows by table */
  readonly rows: ReadonlyMap<string, number>;
  /** bytes of the services' states, as text */
  readonly state: number;
}

/** Memory of the services and rows of the database while they are attacked. */
export class Bounds {
  private readonly samples: Sample[] = [];

  constructor(
    private readonly services: readonly ServiceProcess[],
    private readonly database: () => DataSource,
  ) {}

  async sample(): Promise<void> {
    const heaps = new Map<string, number>();
    for (const { name, url } of this.services) {
      const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(60_000) })).text();
      heaps.set(name, Number(/^nodejs_heap_size_used_bytes\S* (\S+)/m.exec(text)![1]));
    }
    const tables = await this.database().query<{ name: string; partition: string }[]>(
      `select coalesce(p.relname, c.relname) as name, c.relname as partition from pg_class c
         left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent
       where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`,
    );
    const rows = new Map<string, number>();
    for (const { name, partition } of tables) {
      const [{ n }] = await this.database().query<[{ n: string }]>(
        `select count(*) as n from "${partition}"`,
      );
      rows.set(name, (rows.get(name) ?? 0) + Number(n));
    }
    const [{ bytes }] = await this.database().query<[{ bytes: string }]>(
      `select coalesce(sum(length(value::text)), 0) as bytes from service_state ${LASTING}`,
    );
    this.samples.push({ at: Date.now(), heaps, rows, state: Number(bytes) });
  }

  /** Holds the second half against the first: memory, the services' states, and rows of tables that keep no history. */
  judge({ problems, counts }: Findings): void {
    const half = Math.ceil(this.samples.length / 2);
    const [before, after] = [this.samples.slice(0, half), this.samples.slice(half)];
    if (after.length === 0) return;
    const least = (samples: readonly Sample[], of: (sample: Sample) => number) =>
      Math.min(...samples.map(of));
    for (const { name } of this.services) {
      const [was, is] = [before, after].map((some) => least(some, ({ heaps }) => heaps.get(name)!));
      counts.set(`MB of heap of the ${name}, least in each half, first`, Math.round(was / MEGABYTE));
      counts.set(`MB of heap of the ${name}, least in each half, second`, Math.round(is / MEGABYTE));
      if (is > 1.5 * was + 50 * MEGABYTE)
        problems.push(`the heap of the ${name} has grown from ${was} to ${is} bytes`);
    }
    const [first, last] = [before.at(-1)!, this.samples.at(-1)!];
    counts.set('kB of the services’ states, at half time', Math.round(first.state / 1000));
    counts.set('kB of the services’ states, at the end', Math.round(last.state / 1000));
    if (last.state > 1.5 * first.state + MEGABYTE)
      problems.push(`the services’ states have grown from ${first.state} to ${last.state} characters`);
    for (const [name, rows] of last.rows) {
      const was = first.rows.get(name) ?? 0;
      if (rows > 0) counts.set(`rows of ${name}, at half time and at the end: ${was},`, rows);
      if (!HISTORIES.includes(name) && rows > 1.5 * was + 200)
        problems.push(`the table ${name} has grown from ${was} to ${rows} rows`);
    }
  }
}
