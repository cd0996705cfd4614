#!/usr/bin/env node
// `npx zkrisk …` in a checkout: bootstrap, then the command line.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, root } from '../scripts/bootstrap.mjs';

await bootstrap();
await import(pathToFileURL(join(root, 'dist/apps/cli/src/main.js')).href);
