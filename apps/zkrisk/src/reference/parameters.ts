import { z } from 'zod';
import { riskParameters } from '#lib/messages';

/** A field of a JSON Schema, as far as the table shows it. */
interface Field {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Field>>;
}

/** Every parameter of the versioned record with its default and meaning, as Markdown. */
export function parametersReference(): string {
  const schema = z.toJSONSchema(riskParameters, { io: 'input', unrepresentable: 'any' }) as Field;
  const defaults: unknown = riskParameters.parse({});
  const sections = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const rows = rowsOf(name, field, (defaults as Record<string, unknown>)[name]);
    return [`## ${name}`, '', '| parameter | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
  });
  return [
    '# Parameters',
    '',
    'Made from the code by `npm run docs`. One record with one version for all services: version 1 is `FIRST_PARAMETERS`, later ones are set by `POST /v1/admin/parameters` or `zkrisk parameters set`, and `GET /v1/parameters` has the one in force. Every change needs the operator’s seal; `model` never changes, `forecast` holds from the next fit.',
    '',
    sections.join('\n\n'),
    '',
  ].join('\n');
}

function rowsOf(path: string, field: Field, value: unknown): string[] {
  if (field.properties !== undefined && isRecord(value))
    return Object.entries(field.properties).flatMap(([name, part]) =>
      rowsOf(`${path}.${name}`, part, value[name]),
    );
  const values =
    field.enum === undefined ? '' : ` (${field.enum.map((choice) => `\`${choice}\``).join(', ')})`;
  const meaning = `${field.description ?? ''}${values}`.replaceAll('|', '\\|').trim();
  return [`| \`${path}\` | \`${JSON.stringify(value)}\` | ${meaning} |`];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
