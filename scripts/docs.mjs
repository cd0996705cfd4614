// `npm run docs`: docs/reference from the code: OpenAPI, AsyncAPI, JSON Schemas, configuration, metrics.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { withRooms } from '../rooms.mjs';
import { withActions } from './action-table.mjs';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
const { writeReference } = await import(
  pathToFileURL(join(root, 'dist/apps/zkrisk/src/reference/reference.js')).href
);
const written = await writeReference(join(root, 'docs', 'reference'));
const { actionTable } = await import(pathToFileURL(join(root, 'dist/libs/exchange/src/index.js')).href);
const marks = join(root, 'docs', 'concepts', 'marks.md');
writeFileSync(marks, withActions(readFileSync(marks, 'utf8'), actionTable()));
const architecture = join(root, 'docs', 'internals', 'architecture.md');
writeFileSync(architecture, withRooms(readFileSync(architecture, 'utf8')));
process.stderr.write(`${written.length} documents in docs/reference\n`);
process.exit(0);
