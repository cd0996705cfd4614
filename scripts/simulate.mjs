// `npm run simulate`: bootstrap, then faults on the machines in one process; options: --seed N --seconds N --only N.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
await import(pathToFileURL(join(root, 'dist/test/simulation/main.js')).href);
