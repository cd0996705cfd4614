import type { PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { InvalidInputError } from '#lib/errors';

/** Validates a body, query or parameter; an unknown or unfit field is refused by name. */
export class ZodPipe<S extends z.ZodType> implements PipeTransform<unknown, z.output<S>> {
  constructor(private readonly schema: S) {}

  /** @throws {InvalidInputError} naming the first field that does not fit */
  transform(value: unknown): z.output<S> {
    const parsed = this.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new InvalidInputError(issue.path.join('.') || 'body', issue.message);
  }
}

/** OpenAPI 3.0 schema of a zod schema. */
export function openApiSchema(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' });
  return rest;
}
