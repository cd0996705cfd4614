import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { EventLog, type Subscription } from '#lib/events';
import { TOPICS, type Topic } from '#lib/messages';
import { apiDescription, Metrics } from '#lib/host';
import { VenuesService, venuesConfig, venuesMetrics } from '../../../venues/src/index.js';
import { type Engine, startEngine } from '../engine.js';
import { accessLists, asyncApiDocument, messageSchema, type Reader } from './asyncapi.js';
import { asyncApiStreams } from './asyncapi-streams.js';
import { configurationReference } from './configuration.js';
import { parametersReference } from './parameters.js';

/** The reference documents by their path below docs/reference, as the code has them now. */
export async function referenceDocuments(): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-reference-'));
  // Everything that can be on is on: a service that is off has no routes.
  const engine = await startEngine({
    ...{ ZKRISK_DATA_DIR: folder, PORT: '0', LOG_LEVEL: 'silent', API_KEYS: 'required' },
    ...{ PROVER: 'on', SETTLEMENT: 'on', VAULT: 'on', EPOCH_EVERY_BARS: '0' },
  });
  try {
    const topics = Object.values(TOPICS) as unknown as Topic<never>[];
    return {
      'openapi.json': json(openApi(engine)),
      'asyncapi.json': json(asyncApiDocument(readersOf(engine))),
      'asyncapi-streams.json': json(asyncApiStreams()),
      'access-lists.md': accessLists(),
      'configuration.md': configurationReference(),
      'parameters.md': parametersReference(),
      'metrics.md': await metricsReference(engine),
      ...Object.fromEntries(
        topics.map((topic) => [`schemas/${topic.name}.json`, json(messageSchema(topic))]),
      ),
    };
  } finally {
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the documents below a folder; what is there and not made any more is removed. */
export async function writeReference(folder: string): Promise<string[]> {
  const documents = await referenceDocuments();
  const schemas = join(folder, 'schemas');
  mkdirSync(schemas, { recursive: true });
  for (const file of readdirSync(schemas)) rmSync(join(schemas, file));
  for (const [path, text] of Object.entries(documents)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return Object.keys(documents);
}

function openApi({ app }: Engine): object {
  return SwaggerModule.createDocument(app, apiDescription(new DocumentBuilder()));
}

/** Who reads what, from the handlers' own subscriptions. */
function readersOf({ app }: Engine): Reader[] {
  const [{ serverInstance }] = app.getMicroservices() as unknown as {
    serverInstance: { messageHandlers: Map<string, { extras?: { subscription?: Subscription } }> };
  }[];
  return [...serverInstance.messageHandlers.values()].flatMap(({ extras }) =>
    extras?.subscription === undefined
      ? []
      : [{ lane: extras.subscription.lane, subscription: extras.subscription }],
  );
}

async function metricsReference({ app }: Engine): Promise<string> {
  // The reader of venues is a process of its own.
  venuesMetrics(app.get(Metrics), new VenuesService(app.get(EventLog), venuesConfig({})));
  const metrics = await app.get(Metrics).registry.getMetricsAsJSON();
  const own = metrics.filter(({ name }) => name.startsWith('zkrisk_'));
  const rows = own
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, help, type }) => `| \`${name}\` | ${type} | ${help.replaceAll('|', '\\|')} |`);
  return [
    '# Metrics',
    '',
    'Made from the code by `npm run docs`. Every process serves its own at `/metrics`, besides those of Node (`process_…`, `nodejs_…`).',
    'Each service tells its own; where several processes of a service run, some are told by all (quotes given) and some by who has the work (plans open): sum over them.',
    '',
    '| metric | type | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
