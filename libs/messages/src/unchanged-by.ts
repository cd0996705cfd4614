import { z } from 'zod';

/** True only of values that the schema accepts and gives back as they are. */
type Test = (value: unknown) => boolean;

/** Kinds of schemas whose values are neither objects nor lists. */
const SCALARS: ReadonlySet<string> = new Set(['string', 'number', 'boolean', 'literal', 'enum']);

/** True of nothing: the schema itself has to decide. */
const never: Test = () => false;

/**
 * A test that is true only of values from JSON that parsing by the schema accepts and gives back unchanged, in the same order of keys, so that it need not
 * be done: the copy that it makes is most of its cost. Of all other values, and of all values of the kinds of schemas that are not known
 * here, it is false, which says nothing about them.
 *
 * @param schema of zod; without what {@link z.ZodType} can do besides, such as transforms, for its values to be tested at all
 */
export function unchangedBy(schema: z.core.$ZodType): Test {
  return testOf(schema) ?? never;
}

/** @returns undefined where the schema is of a kind that is not known */
function testOf(schema: z.core.$ZodType): Test | undefined {
  const checks = checksOf(schema);
  const bare = bareTest(schema);
  if (checks === undefined || bare === undefined) return undefined;
  if (checks.length === 0) return bare;
  return (value) => {
    if (!bare(value)) return false;
    for (const check of checks) if (!check(value)) return false;
    return true;
  };
}

/** The schema's test without its checks; undefined where its kind is not known. */
function bareTest(schema: z.core.$ZodType): Test | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'string':
      return plain(def) ? (value) => typeof value === 'string' : undefined;
    case 'number':
      return numberTest(def);
    case 'boolean':
      return plain(def) ? (value) => typeof value === 'boolean' : undefined;
    case 'literal':
      return isOneOf(def.values);
    case 'enum':
      return isOneOf(Object.values(def.entries));
    case 'nullable': {
      const inner = unchangedBy(def.innerType);
      return (value) => value === null || inner(value);
    }
    // Where a value is there: {@link objectTest} asks about a key that is not there.
    case 'optional':
    case 'default':
      return unchangedBy(def.innerType);
    case 'array':
      return arrayTest(unchangedBy(def.element));
    case 'tuple':
      return def.rest === null ? tupleTest(def.items.map(unchangedBy)) : undefined;
    case 'object':
      return objectTest(def);
    case 'union':
      return 'discriminator' in def
        ? taggedTest(def as z.core.$ZodDiscriminatedUnionDef)
        : scalarsTest(def.options);
    default:
      return undefined;
  }
}

/** Neither converts its values nor has a format of its own. */
function plain(def: { readonly coerce?: boolean | undefined }): boolean {
  return def.coerce !== true && !('format' in def && def.format !== undefined);
}

function numberTest(def: z.core.$ZodNumberDef): Test | undefined {
  if (plain(def)) return (value) => Number.isFinite(value);
  const whole = 'format' in def && def.format === 'safeint' && def.coerce !== true;
  return whole ? (value) => Number.isSafeInteger(value) : undefined;
}

function isOneOf(values: readonly unknown[]): Test {
  if (values.length === 1) {
    const [only] = values;
    return (value) => value === only;
  }
  const all = new Set(values);
  return (value) => all.has(value);
}

function arrayTest(element: Test): Test {
  return (value) => {
    if (!Array.isArray(value)) return false;
    for (let i = 0; i < value.length; i++) if (!element(value[i])) return false;
    return true;
  };
}

function tupleTest(items: readonly Test[]): Test {
  return (value) =>
    Array.isArray(value) && value.length === items.length && items.every((item, i) => item(value[i]));
}

/** Keys have to stand in the schema's order, in which parsing would put them. */
function objectTest({ shape, catchall }: z.core.$ZodObjectDef): Test | undefined {
  // An object that keeps or strips other keys is parsed.
  if (catchall?._zod.def.type !== 'never') return undefined;
  const keys = Object.keys(shape);
  const tests = keys.map((key) => unchangedBy(shape[key]));
  const optional = keys.map((key) => mayBeLeftOut(shape[key]));
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const own = Object.keys(value);
    let at = 0;
    for (let i = 0; i < keys.length; i++) {
      if (own[at] === keys[i]) {
        if (!tests[i]((value as Record<string, unknown>)[keys[i]])) return false;
        at++;
      } else if (!optional[i]) return false;
    }
    return at === own.length;
  };
}

/** Whether an object without a key of this schema is parsed to one without it, rather than to one with a default. */
function mayBeLeftOut(schema: z.core.$ZodType): boolean {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === 'optional' && def.innerType._zod.optin === undefined;
}

/** One kind of each tag: no other one is tried. */
function taggedTest({ discriminator, options }: z.core.$ZodDiscriminatedUnionDef): Test | undefined {
  const byTag = new Map<unknown, Test>();
  for (const option of options) {
    const { def } = (option as z.core.$ZodTypes)._zod;
    const tag = def.type === 'object' ? (def.shape[discriminator] as z.core.$ZodTypes)._zod.def : undefined;
    if (tag?.type !== 'literal') return undefined;
    const test = unchangedBy(option);
    for (const value of tag.values) byTag.set(value, test);
  }
  return (value) => {
    const tag = (value as Record<string, unknown> | null)?.[discriminator];
    return byTag.get(tag)?.(value) ?? false;
  };
}

/** Scalars are never changed, whichever schema accepts them; an object's first schema may fill in what the second one does not have. */
function scalarsTest(options: readonly z.core.$ZodType[]): Test | undefined {
  const tests: Test[] = [];
  for (const option of options) {
    const test = SCALARS.has(option._zod.def.type) ? testOf(option) : undefined;
    if (test === undefined) return undefined;
    tests.push(test);
  }
  return (value) => tests.some((test) => test(value));
}

/** A schema's checks; undefined where one of them is of a kind that is not known. */
function checksOf(schema: z.core.$ZodType): Test[] | undefined {
  const tests = (schema._zod.def.checks ?? []).map((check) => checkOf(check));
  return tests.every((test) => test !== undefined) ? tests : undefined;
}

function checkOf(check: z.core.$ZodCheck): Test | undefined {
  const { def } = (check as unknown as z.core.$ZodChecks)._zod;
  // A condition for a check only lets more values pass: it is always checked here.
  switch (def.check) {
    case 'max_length':
      return (value) => (value as string | unknown[]).length <= def.maximum;
    case 'min_length':
      return (value) => (value as string | unknown[]).length >= def.minimum;
    case 'greater_than':
      return def.inclusive
        ? (value) => (value as number) >= Number(def.value)
        : (value) => (value as number) > Number(def.value);
    case 'less_than':
      return def.inclusive
        ? (value) => (value as number) <= Number(def.value)
        : (value) => (value as number) < Number(def.value);
    case 'string_format':
      return patternTest(def as z.core.$ZodStringFormatDef);
    default:
      return customTest(def as unknown as z.core.$ZodCustomDef);
  }
}

function patternTest({ format, pattern }: z.core.$ZodStringFormatDef): Test | undefined {
  // A pattern that remembers a place would not be the same test each time.
  if (format !== 'regex' || pattern === undefined || pattern.global || pattern.sticky) return undefined;
  return (value) => pattern.test(value as string);
}

function customTest({ check, fn }: Partial<z.core.$ZodCustomDef>): Test | undefined {
  return check === 'custom' && fn !== undefined ? (value) => fn(value) === true : undefined;
}
