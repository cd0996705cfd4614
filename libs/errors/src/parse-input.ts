import { InvalidInputError } from './errors.js';

/** The part of a zod schema that parsing needs. */
interface Schema<T> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
        };
      };
}

/**
 * A value that came from outside, as its schema has it.
 *
 * @param what the input's name, which begins the field's
 * @throws {InvalidInputError} naming the first field that is not as it must be
 */
export function parseInput<T>(schema: Schema<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new InvalidInputError([what, ...path].map(String).join('.'), message);
}
