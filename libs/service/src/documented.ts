import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';
import { openApiSchema } from './zod.js';

/** An RFC 9457 problem document. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string().describe('stable; clients switch on it'),
  instance: z.string().optional(),
});

/** One route's place in the OpenAPI document. */
export function Documented(options: {
  summary: string;
  params?: Readonly<Record<string, z.ZodType>>;
  query?: z.ZodObject;
  body?: z.ZodType;
  response?: z.ZodType;
  /** where it is not JSON */
  contentType?: string;
  status?: number;
  errors?: readonly number[];
  /** operations to call next: by the operation's id, its parameters as runtime expressions over this answer */
  links?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}): MethodDecorator {
  const { summary, params = {}, query, body, response, contentType, status = 200 } = options;
  const { errors = [], links = {} } = options;
  const takesInput = body !== undefined || query !== undefined || Object.keys(params).length > 0;
  const asSchema = (schema: z.ZodType) => openApiSchema(schema) as Record<string, unknown>;
  const content = (schema: z.ZodType) => ({
    content: { [contentType ?? 'application/json']: { schema: asSchema(schema) } },
  });
  return applyDecorators(
    ApiOperation({ summary }),
    ...Object.entries(params).map(([name, schema]) => ApiParam({ name, schema: asSchema(schema) })),
    ...Object.entries((query?.shape ?? {}) as Record<string, z.ZodType>).map(([name, schema]) =>
      ApiQuery({
        name,
        required: !schema.safeParse(undefined).success,
        schema: asSchema(schema),
        description: schema.description ?? '',
      }),
    ),
    ...(body ? [ApiBody({ schema: asSchema(body), required: !body.safeParse(undefined).success })] : []),
    ApiResponse({
      ...{ status, description: 'success' },
      ...(response ? content(response) : {}),
      ...(Object.keys(links).length === 0
        ? {}
        : {
            links: Object.fromEntries(
              Object.entries(links).map(([operationId, parameters]) => [
                operationId,
                { operationId, parameters },
              ]),
            ),
          }),
    }),
    // Whatever the route: not HTTP, no key, not this key, too often; where anything is given, it may not fit, be too large, or no JSON.
    ...[
      ...new Set([...errors, 400, 401, 403, 429, ...(takesInput ? [422] : []), ...(body ? [413, 415] : [])]),
    ].map((code) =>
      ApiResponse({
        status: code,
        description: 'problem',
        content: { 'application/problem+json': { schema: asSchema(problemSchema) } },
      }),
    ),
  );
}
