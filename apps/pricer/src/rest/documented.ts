import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { openApiSchema } from '#lib/service';
import { problem } from './schemas.js';

/** One route's place in the OpenAPI document. */
export function Documented(options: {
  summary: string;
  body?: z.ZodType;
  response?: z.ZodType;
  status?: number;
  errors?: readonly number[];
}): MethodDecorator {
  const { summary, body, response, status = 200, errors = [] } = options;
  const asSchema = (schema: z.ZodType) => openApiSchema(schema) as Record<string, unknown>;
  return applyDecorators(
    ApiOperation({ summary }),
    ...(body ? [ApiBody({ schema: asSchema(body) })] : []),
    ApiResponse({ status, ...(response ? { schema: asSchema(response) } : {}) }),
    ...errors.map((code) =>
      ApiResponse({
        status: code,
        description: 'problem',
        content: { 'application/problem+json': { schema: asSchema(problem) } },
      }),
    ),
  );
}
