/** JSON; on a stream no field of an object is null, for null says in a patch that a field is gone. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/**
 * Applies a JSON Merge Patch (RFC 7396): objects are merged field by field, null removes a field, everything else, arrays
 * included, replaces the former value. Neither argument is changed.
 */
export function applyPatch(document: JsonObject, patch: JsonObject): JsonObject {
  const fields = new Map(Object.entries(document));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) fields.delete(name);
    else if (isObject(value)) {
      const was = fields.get(name);
      fields.set(name, applyPatch(isObject(was) ? was : {}, value));
    } else fields.set(name, value);
  }
  // Not by assignment: a field may be called __proto__.
  return Object.fromEntries(fields);
}

/**
 * The smallest patch that makes `after` of `before`; undefined where they are the same. Neither may hold null in an object.
 * Applied by {@link applyPatch} it gives `after` back.
 */
export function patchBetween(before: JsonObject, after: JsonObject): JsonObject | undefined {
  const changes: [string, Json][] = [];
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) changes.push([name, null]);
  for (const [name, value] of Object.entries(after)) {
    const was = Object.hasOwn(before, name) ? before[name] : undefined;
    if (was === value) continue;
    if (isObject(value) && isObject(was)) {
      const inner = patchBetween(was, value);
      if (inner !== undefined) changes.push([name, inner]);
    } else if (!(Array.isArray(value) && JSON.stringify(value) === JSON.stringify(was)))
      changes.push([name, value]);
  }
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

/** A value as a stream carries it: fields that are null or undefined are left out. */
export function withoutNulls(value: object): JsonObject {
  // Elements of arrays stay: JSON.stringify writes null for elements that a replacer takes away.
  return JSON.parse(
    JSON.stringify(value, (_name, inner: unknown) => (inner === null ? undefined : inner)),
  ) as JsonObject;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
