// Writes test/vectors/schemas.json: the schemas of messages that later ones are compared with. To be run at a release, and only then.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
const { ALL_TOPICS } = await import(pathToFileURL(join(root, 'dist/libs/messages/src/index.js')).href);
const schemas = Object.fromEntries(
  ALL_TOPICS.map((topic) => [
    topic.name,
    {
      version: topic.schemaVersion,
      schema: z.toJSONSchema(topic.message, { target: 'draft-2020-12', io: 'input', unrepresentable: 'any' }),
    },
  ]),
);
writeFileSync(join(root, 'test/vectors/schemas.json'), `${JSON.stringify(schemas)}\n`);
