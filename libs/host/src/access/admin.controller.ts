import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { fields } from '#lib/messages';
import { Documented, NeedsScope, ZodPipe } from '#lib/service';
import { ApiKeys, SCOPES } from './api-keys.js';
import { AuditLog } from './audit-log.js';

const keyRequest = z.strictObject({
  label: z.string().min(1).max(100).describe('whose it is, for people'),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  accounts: z
    .array(fields.account)
    .min(1)
    .max(1000)
    .optional()
    .describe('accounts and providers it may act for; all where left out'),
  ratePerSecond: z.number().positive().max(1e6).optional(),
});
const keyMade = z.object({ id: z.string(), key: z.string().describe('told once, kept nowhere') });
const keyList = z.object({
  keys: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      scopes: z.array(z.enum(SCOPES)),
      accounts: z.array(z.string()).nullable(),
      ratePerSecond: z.number().nullable(),
      createdAt: z.string(),
      revokedAt: z.string().nullable(),
    }),
  ),
});
const auditQuery = z.strictObject({
  before: z.coerce.number().int().positive().optional().describe('id of the last one seen'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
const auditEntries = z.object({
  entries: z.array(
    z.object({
      id: z.number(),
      at: z.string(),
      service: z.string(),
      keyId: z.string().nullable(),
      address: z.string(),
      method: z.string(),
      path: z.string(),
      requestId: z.string(),
      bodyHash: z.string().describe('SHA-256 of the body'),
      status: z.number().nullable().describe('null: it has not ended, or the process ended first'),
    }),
  ),
});
const keyId = z.string().regex(/^[0-9a-f]{16}$/, 'must be the id of a key: 16 hexadecimal digits');

/** Keys and the audit log. Every call is signed with the admin secret, besides a key with the scope "admin". */
@ApiTags('admin')
@Controller('v1/admin')
export class AdminController {
  private readonly keys: ApiKeys;
  private readonly audit: AuditLog;

  constructor(@Inject(DataSource) database: DataSource) {
    this.keys = new ApiKeys(database);
    this.audit = new AuditLog(database);
  }

  @Post('keys')
  @HttpCode(201)
  @NeedsScope('admin', { changesState: true })
  @Documented({
    summary: 'Make an API key',
    body: keyRequest,
    response: keyMade,
    status: 201,
    errors: [401, 403],
  })
  create(@Body(new ZodPipe(keyRequest)) request: z.output<typeof keyRequest>): Promise<object> {
    return this.keys.create(request);
  }

  @Get('keys')
  @NeedsScope('admin')
  @Documented({ summary: 'API keys, without their secrets', response: keyList, errors: [401, 403] })
  async list(): Promise<object> {
    return { keys: await this.keys.list() };
  }

  @Delete('keys/:id')
  @HttpCode(204)
  @NeedsScope('admin', { changesState: true })
  @Documented({
    summary: 'Revoke an API key: every process knows within two seconds',
    params: { id: keyId },
    status: 204,
    errors: [401, 403, 404],
  })
  async revoke(@Param('id', new ZodPipe(keyId)) id: string): Promise<void> {
    await this.keys.revoke(id);
  }

  @Get('audit')
  @NeedsScope('admin')
  @Documented({
    summary: 'The audit log, the newest first',
    query: auditQuery,
    response: auditEntries,
    errors: [401, 403],
  })
  async entries(@Query(new ZodPipe(auditQuery)) query: z.output<typeof auditQuery>): Promise<object> {
    return { entries: await this.audit.list(query) };
  }
}
