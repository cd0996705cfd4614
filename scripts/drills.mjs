// `npm run drills`: bootstrap, then things go wrong; options: --rounds N --from N --seed N --only TEXT --write.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
await import(pathToFileURL(join(root, 'dist/test/drills/main.js')).href);
