type Schema = Readonly<Record<string, unknown>>;

/** Keywords whose larger value takes more, and whose smaller value does. */
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems'];
const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems'];
/** Keywords that must stay. */
const FIXED = ['type', 'const', 'pattern', 'format', 'additionalProperties'];

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Changes of a message's schema that break a client written for the old one. Fields, kinds and enumerated values may be added,
 * and bounds be widened; nothing may go, become necessary, or mean something else.
 *
 * @param before JSON Schema of the baseline
 * @param after JSON Schema as it is now
 * @param where path of both, for the answer
 */
export function breakingChanges(before: Schema, after: Schema, where = ''): string[] {
  const variants = variantsOf(before);
  if (variants !== undefined || variantsOf(after) !== undefined)
    return variantChanges(variants ?? [before], variantsOf(after) ?? [after], where);
  const problems: string[] = [];
  for (const keyword of FIXED)
    if (!same(before[keyword], after[keyword]) && !isSchema(before[keyword]))
      problems.push(
        `${where || '/'}: ${keyword} was ${text(before[keyword])} and is ${text(after[keyword])}`,
      );
  for (const [keywords, sign] of [
    [UPPER, 1],
    [LOWER, -1],
  ] as const)
    for (const keyword of keywords) {
      const [old, now] = [before[keyword], after[keyword]] as (number | undefined)[];
      const tighter = now !== undefined && (old === undefined || sign * (now - old) < 0);
      if (tighter) problems.push(`${where || '/'}: ${keyword} was ${text(old)} and is ${now}`);
    }
  const values = before.enum as unknown[] | undefined;
  if (after.enum !== undefined && values === undefined) problems.push(`${where}: takes certain values only`);
  for (const value of values ?? [])
    if (after.enum !== undefined && !(after.enum as unknown[]).includes(value))
      problems.push(`${where}: ${text(value)} is no value any more`);
  problems.push(...propertyChanges(before, after, where));
  for (const part of ['items', 'additionalProperties'] as const)
    if (isSchema(before[part]) && isSchema(after[part]))
      problems.push(...breakingChanges(before[part], after[part], `${where}/${part}`));
  const items = (before.prefixItems ?? []) as Schema[];
  const itemsNow = (after.prefixItems ?? []) as Schema[];
  if (items.length !== itemsNow.length)
    problems.push(`${where}: had ${items.length} parts and has ${itemsNow.length}`);
  else items.forEach((item, i) => problems.push(...breakingChanges(item, itemsNow[i], `${where}/${i}`)));
  return problems;
}

function propertyChanges(before: Schema, after: Schema, where: string): string[] {
  const old = (before.properties ?? {}) as Record<string, Schema>;
  const now = (after.properties ?? {}) as Record<string, Schema>;
  const required = new Set((before.required ?? []) as string[]);
  const requiredNow = new Set((after.required ?? []) as string[]);
  const problems: string[] = [];
  for (const [name, schema] of Object.entries(old)) {
    const path = `${where}/${name}`;
    if (!(name in now)) problems.push(`${path}: is gone`);
    else problems.push(...breakingChanges(schema, now[name], path));
    if (required.has(name) && !requiredNow.has(name)) problems.push(`${path}: may be missing now`);
  }
  for (const name of requiredNow)
    if (!required.has(name)) problems.push(`${where}/${name}: has become necessary`);
  return problems;
}

/** Each old variant must still be there: found by its constant, else by equality. */
function variantChanges(before: readonly Schema[], after: readonly Schema[], where: string): string[] {
  return before.flatMap((variant) => {
    const tag = tagOf(variant);
    if (tag !== undefined) {
      const found = after.find((each) => tagOf(each) === tag);
      return found === undefined
        ? [`${where}: ${tag} is gone`]
        : breakingChanges(variant, found, `${where}[${tag}]`);
    }
    const changes = after.map((each) => breakingChanges(variant, each, where));
    return changes.some((problems) => problems.length === 0)
      ? []
      : [changes.toSorted((a, b) => a.length - b.length)[0]?.join('; ') ?? `${where}: is gone`];
  });
}

function variantsOf(schema: Schema): Schema[] | undefined {
  return (schema.oneOf ?? schema.anyOf) as Schema[] | undefined;
}

function tagOf({ properties }: Schema): string | undefined {
  for (const [name, value] of Object.entries((properties ?? {}) as Record<string, Schema>))
    if (value.const !== undefined) return `${name}=${value.const as string}`;
  return undefined;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function text(value: unknown): string {
  return value === undefined ? 'not said' : JSON.stringify(value);
}
