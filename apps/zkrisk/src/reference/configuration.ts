import { z } from 'zod';
import { kafkaEnvironment } from '#lib/events';
import { accessEnvironment, hostEnvironment, streamsEnvironment } from '#lib/host';
import { type EnvironmentSchema, secretsOf } from '#lib/service';
import { forecasterEnvironment } from '../../../forecaster/src/index.js';
import { historianEnvironment } from '../../../historian/src/index.js';
import { liquidatorEnvironment } from '../../../liquidator/src/index.js';
import { pricerEnvironment } from '../../../pricer/src/index.js';
import { proverEnvironment } from '../../../prover/src/index.js';
import { settlementEnvironment } from '../../../settlement/src/index.js';
import { vaultEnvironment } from '../../../vault/src/index.js';
import { venuesEnvironment } from '../../../venues/src/index.js';
import { engineEnvironment } from '../engine.js';

/** What each kind of process reads from its environment. */
export const ENVIRONMENTS: Readonly<Record<string, EnvironmentSchema>> = {
  'every process': hostEnvironment,
  'every process: who may call': accessEnvironment,
  'every process: streams': streamsEnvironment,
  'every process: Kafka': kafkaEnvironment,
  'one process for everything (npm start)': engineEnvironment,
  forecaster: forecasterEnvironment,
  pricer: pricerEnvironment,
  liquidator: liquidatorEnvironment,
  historian: historianEnvironment,
  prover: proverEnvironment,
  settlement: settlementEnvironment,
  vault: vaultEnvironment,
  venues: venuesEnvironment,
};

/** Every environment variable with its default and meaning, as Markdown. */
export function configurationReference(): string {
  const sections = Object.entries(ENVIRONMENTS).map(([title, schema]) => {
    const secrets = new Set(secretsOf(schema));
    const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    const rows = Object.entries(properties).map(([name, property]) => {
      const field = property as { default?: string | number; description?: string; enum?: string[] };
      const fallback = field.default === undefined ? '' : `\`${field.default}\``;
      const values =
        field.enum === undefined ? '' : ` (${field.enum.map((value) => `\`${value}\``).join(', ')})`;
      const secret = secrets.has(name)
        ? ` **Secret**: or \`${name}_FILE\`, the path of a file that holds it.`
        : '';
      return `| \`${name}\` | ${fallback} | ${cell(field.description ?? '')}${values}${secret} |`;
    });
    return [`## ${title}`, '', '| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
  });
  return [
    '# Configuration',
    '',
    'Made from the code by `npm run docs`. A value that does not fit ends the process at its start, with every variable that does not fit and why.',
    '',
    sections.join('\n\n'),
    '',
    '## the chain’s account',
    '',
    '`CHAIN_KEYSTORE` (an encrypted Web3 Secret Storage file) with `CHAIN_KEYSTORE_PASSWORD_FILE` or `CHAIN_KEYSTORE_PASSWORD`, or `CHAIN_PRIVATE_KEY`.',
    '',
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
