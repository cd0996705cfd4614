// `npm run start:NAME`: bootstrap, then one service in this very process, so that signals reach it directly.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, root } from './bootstrap.mjs';

const [, , name] = process.argv;
await bootstrap();
await import(pathToFileURL(join(root, `dist/apps/${name}/src/main.js`)).href);
