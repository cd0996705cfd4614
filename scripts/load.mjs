// `npm run load`: bootstrap, then ramps until services on one machine fall behind; options: --partitions 1,2,4 --seconds N --accounts N
// --most RATE. With
// `--hold` one rate for some minutes: --markets N --accounts N --minutes N --rate TRADES_A_SECOND --bar-seconds N.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
await import(pathToFileURL(join(root, 'dist/bench/load/main.js')).href);
