import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '#lib/events';
import type { ServiceName, ServiceProcess, Topology } from '../support/topology.js';
import { poison, stuttering } from './mischief.js';

/** Parts that a fault may touch while a replay runs. */
export interface Scene {
  readonly topology: Topology;
  /** running services; a fault that ends one puts its successor in its place */
  readonly services: ServiceProcess[];
  readonly log: EventLog;
  readonly draw: () => number;
  readonly seed: number;
  /** that is being replayed */
  readonly bar: () => number;
}

/** Something that goes wrong. */
export interface Fault {
  readonly name: string;
  /** environment of services that have it built in */
  readonly environment?: (name: ServiceName) => NodeJS.ProcessEnv;
  /** publisher that has it built in */
  readonly publisher?: (log: EventLog, seed: number) => EventLog;
  /** where the database keeps its files, and how that is taken away again */
  readonly volume?: () => { directory: string; remove: () => void } | string;
  /** bars that are replayed besides, so that the replay still runs when it is to be struck */
  readonly furtherBars?: number;
  /** whether epochs are proven, and settled on a chain */
  readonly settles?: boolean;
  /** the fault, at a moment of the replay; returns its description */
  readonly strike?: (scene: Scene) => Promise<string>;
}

const NAMES: readonly ServiceName[] = ['forecaster', 'pricer', 'liquidator'];

function killed(victim: ServiceName): Fault {
  return {
    name: `kill -9 of the ${victim}, three times`,
    strike: async ({ topology, services, draw }) => {
      for (let kill = 0; kill < 3; kill++) {
        const at = services.findIndex(({ name }) => name === victim);
        await services[at].end('SIGKILL');
        await sleep(500 * draw());
        services[at] = await topology.start(victim);
        await sleep(1000 + 2000 * draw());
      }
      return 'killed three times, restarted after up to 0.5 s';
    },
  };
}

export const FAULTS: readonly Fault[] = [
  ...NAMES.map(killed),
  {
    name: 'kill -9 of all services at once',
    strike: async ({ topology, services }) => {
      await Promise.all(services.map((service) => service.end('SIGKILL')));
      for (const [i, { name }] of services.entries()) services[i] = await topology.start(name);
      return `${services.length} killed`;
    },
  },
  {
    name: 'broker stopped and started',
    strike: async ({ topology: { broker }, draw }) => {
      const down = 2000 + 6000 * draw();
      await broker.stop();
      await sleep(down);
      await broker.start();
      return `down for ${(down / 1000).toFixed(1)} s and its start`;
    },
  },
  {
    name: 'broker killed',
    strike: async ({ topology: { broker } }) => {
      await broker.kill();
      await broker.start();
      return 'kill -9, started at once';
    },
  },
  {
    name: 'database restarted',
    strike: async ({ topology, draw }) => {
      const down = 1000 + 4000 * draw();
      await topology.restartDatabase(down);
      return `down for ${(down / 1000).toFixed(1)} s and its start`;
    },
  },
  {
    name: 'connections to the database cut for 30 s',
    strike: async ({ topology: { cables } }) => {
      cables.database.cut();
      await sleep(30_000);
      cables.database.mend();
      return 'cut for 30 s';
    },
  },
  {
    name: 'connections to the broker cut for 30 s',
    strike: async ({ topology: { cables } }) => {
      cables.broker.cut();
      await sleep(30_000);
      cables.broker.mend();
      return 'cut for 30 s';
    },
  },
  {
    name: 'disk full on the database’s volume',
    volume: () => {
      const directory = mkdtempSync(join(tmpdir(), 'zkrisk-volume-'));
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400m,mode=755', 'tmpfs', directory]);
      if (mounted.status !== 0) {
        rmSync(directory, { recursive: true });
        return 'no volume can be mounted here';
      }
      return {
        directory,
        remove: () => {
          spawnSync('umount', ['-l', directory]);
          rmSync(directory, { recursive: true, force: true });
        },
      };
    },
    strike: async ({ topology }) => {
      const filler = join(topology.database.directory, 'filler');
      spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k'], { stdio: 'ignore' });
      await sleep(8_000);
      rmSync(filler);
      // PostgreSQL ends itself where its log cannot be written; an operator makes room and starts it.
      await topology.restartDatabase(0);
      return 'not a byte free for 8 s, then room made and the server started';
    },
  },
  {
    name: 'slow consumer: a second pricer and liquidator, the first ones stand still for 25 s',
    strike: async ({ topology, services, draw }) => {
      const sleepers = services.filter(({ name }) => name !== 'forecaster');
      for (const { name } of sleepers) services.push(await topology.start(name));
      for (const { child } of sleepers) child.kill('SIGSTOP');
      await sleep(20_000 + 5_000 * draw());
      for (const { child } of sleepers) child.kill('SIGCONT');
      return 'longer than the group waits: their work is taken by others, and they come back';
    },
  },
  {
    name: 'poison messages in every input topic',
    strike: async ({ log, seed }) => {
      let count = 0;
      for (let wave = 0; wave < 5; wave++) {
        for (const topic of ['prices', 'trades', 'accounts', 'liquidity', 'valuations', 'executions']) {
          const records = poison(topic, seed + wave);
          await log.publish(records.map((record) => ({ topic, ...record })));
          count += records.length;
        }
        await sleep(500);
      }
      return `${count} records that are none`;
    },
  },
  {
    name: 'the pricer’s clock jumps an hour ahead',
    environment: (name) => (name === 'pricer' ? clockJump(3_600_000) : {}),
  },
  {
    name: 'the liquidator’s clock jumps an hour back',
    environment: (name) => (name === 'liquidator' ? clockJump(-3_600_000) : {}),
  },
  { name: 'duplicated and reordered input', publisher: stuttering },
];

interface Work {
  /** its work when it is killed */
  readonly name: string;
  /** SQL: the pieces that are worked at, and a mark that is another one where a piece is begun anew */
  readonly underWay: string;
  /** after a piece has been seen the kill comes so much later, at most */
  readonly withinMs: number;
  /** until the last piece comes */
  readonly furtherBars: number;
}

/** A service is killed in the middle of its work, three times, each time at another step. */
function killedAtWork(victim: ServiceName, { name: work, underWay, withinMs, furtherBars }: Work): Fault {
  return {
    ...{ name: `kill -9 of the ${victim} while it ${work}, three times`, settles: true, furtherBars },
    strike: async ({ topology, services, draw, bar }) => {
      const seen: Piece[] = [];
      const struck: string[] = [];
      while (struck.length < 3) {
        const piece = await nextPiece(topology, underWay, seen);
        seen.push(piece);
        await sleep(withinMs * draw());
        const at = services.findIndex(({ name }) => name === victim);
        await services[at].end('SIGKILL');
        struck.push(`${piece.kind} (bar ${bar()})`);
        await sleep(500 * draw());
        services[at] = await topology.start(victim);
      }
      return `killed at ${struck.join(', ')}`;
    },
  };
}

interface Piece {
  readonly kind: string;
  readonly mark: string;
}

async function nextPiece(topology: Topology, underWay: string, seen: readonly Piece[]): Promise<Piece> {
  const deadline = AbortSignal.timeout(600_000);
  for (;;) {
    deadline.throwIfAborted();
    const pieces = await topology.connection.query<Piece[]>(underWay);
    const fresh = pieces.find(({ mark }) => seen.every((piece) => piece.mark !== mark));
    if (fresh !== undefined) return fresh;
    await sleep(20);
  }
}

/** These need a chain and time: the drills play these last. */
export const SETTLING_FAULTS: readonly Fault[] = [
  killedAtWork('prover', {
    name: 'proves',
    underWay: `select 'a ' || statement || ' proof' as kind, job_id || claimed_by as mark from proof_job
      where status = 'running' and claimed_until > now()`,
    ...{ withinMs: 8_000, furtherBars: 300 },
  }),
  killedAtWork('settlement', {
    name: 'settles',
    underWay: `select kind || ' ' || status as kind, transaction_id as mark from chain_transaction
      where status in ('sent', 'mined')`,
    ...{ withinMs: 700, furtherBars: 500 },
  }),
];

function clockJump(by: number): NodeJS.ProcessEnv {
  const file = join(import.meta.dirname, '..', '..', '..', 'test', 'drills', 'clock-jump.mjs');
  return { NODE_OPTIONS: `--import=${file}`, JUMP_MS: String(by), JUMP_AFTER_MS: '8000' };
}

/** Two faults of different kinds, one after the other. */
export function together(first: Fault, second: Fault): Fault {
  return {
    name: `${first.name}; then ${second.name}`,
    ...((first.environment ?? second.environment)
      ? { environment: (name) => ({ ...first.environment?.(name), ...second.environment?.(name) }) }
      : {}),
    ...((first.publisher ?? second.publisher) ? { publisher: (first.publisher ?? second.publisher)! } : {}),
    ...((first.volume ?? second.volume) ? { volume: (first.volume ?? second.volume)! } : {}),
    strike: async (scene) => {
      const said = [await first.strike?.(scene), await second.strike?.(scene)];
      return said.filter((each) => each !== undefined).join('; ');
    },
  };
}
