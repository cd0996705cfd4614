import { InvalidInputError, messageOf } from './errors.js';

/**
 * Reads JSON that two readers must understand alike: RFC 8259 leaves the meaning of a repeated key open, so one reader
 * may check the first value and another act on the last. `__proto__` is refused for the same reason.
 *
 * @param what the caller's word for the text
 * @throws {InvalidInputError} for text that is not JSON, and for a key that an object has twice
 */
export function parseJson(text: string, what: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidInputError(what, `is not JSON: ${messageOf(error)}`);
  }
  requireUniqueKeys(text, what);
  return value;
}

/** @param text valid JSON, so that strings and brackets are all there is to look at */
function requireUniqueKeys(text: string, what: string): void {
  /** keys of the objects around, innermost last; undefined stands for an array */
  const open: (Set<string> | undefined)[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token.endsWith(':')) {
      const key = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string;
      const keys = open.at(-1)!;
      if (key === '__proto__' || keys.has(key)) {
        throw new InvalidInputError(what, `has the key ${JSON.stringify(key)} twice or must not have it`);
      }
      keys.add(key);
    }
  }
}
