import * as fc from 'fast-check';
import { uniform } from './arbitraries.js';

/** The parts of JSON Schema that the topics use. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** false: nothing after `prefixItems` */
  readonly items?: JsonSchema | false;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** Values that fit a schema. */
export function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return fc.oneof(...alternatives.map(fitting));
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const { minimum, maximum, exclusiveMinimum } = schema;
  switch (schema.type) {
    case 'object': {
      const { properties = {}, required = [] } = schema;
      const model = Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [name, fitting(each)]),
      );
      return fc.record(model, { requiredKeys: required.filter((name) => name in model) });
    }
    case 'array':
      if (schema.prefixItems !== undefined) return fc.tuple(...schema.prefixItems.map(fitting));
      return fc.array(schema.items === false ? fc.constant(null) : fitting(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, 5),
      });
    case 'string':
      if (schema.pattern === undefined)
        return fc.string({
          minLength: schema.minLength ?? 0,
          maxLength: Math.min(schema.maxLength ?? 50, 50),
        });
      return fc
        .stringMatching(new RegExp(schema.pattern))
        .filter(
          (text) => text.length <= (schema.maxLength ?? 1000) && text.length >= (schema.minLength ?? 0),
        );
    case 'integer':
      return fc.integer({ min: Math.max(minimum ?? -1e6, -1e15), max: Math.min(maximum ?? 1e6, 5e15) });
    case 'number':
      return uniform(minimum ?? exclusiveMinimum ?? -1e12, maximum ?? 1e12).filter(
        (value) => exclusiveMinimum === undefined || value > exclusiveMinimum,
      );
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue();
  }
}

/** A value with one thing broken, somewhere in it: a field gone, of another type, or one too many. */
export function broken(value: unknown): fc.Arbitrary<unknown> {
  const places = placesOf(value);
  return fc.tuple(fc.constantFrom(...places), fc.jsonValue(), fc.nat(3)).map(([path, other, how]) => {
    const copy = structuredClone(value);
    const parent = path
      .slice(0, -1)
      .reduce((at: unknown, key) => (at as Record<string, unknown>)[key], copy) as Record<string, unknown>;
    const key = path[path.length - 1];
    if (how === 0) Reflect.deleteProperty(parent, key);
    else if (how === 1) parent[key] = other;
    else if (how === 2) parent[`${key}?`] = other;
    else parent[key] = [parent[key]];
    return copy;
  });
}

function placesOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    [...path, key],
    ...placesOf(inner, [...path, key]),
  ]);
}
