// `npm start`: bootstrap, then the engine in this very process, so that signals reach it directly.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
await import(pathToFileURL(join(root, 'dist/apps/zkrisk/src/main.js')).href);
