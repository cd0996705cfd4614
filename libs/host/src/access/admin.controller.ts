import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { fields } from '#lib/messages';
import { Documented, NeedsScope, ZodPipe } from '#lib/service';
import { ApiKeys, type Principal, SCOPES } from './api-keys.js';
import { Approvals } from './approvals.js';
import { AuditLog } from './audit-log.js';

const withdrawals = z
  .strictObject({
    from: z
      .array(fields.account)
      .max(1000)
      .optional()
      .describe(
        'accounts and providers it may withdraw from; empty: none; all it may act for where left out',
      ),
    perDay: fields.amount.optional().describe('money it may withdraw in any 24 hours'),
  })
  .describe('limits of what it may pay out');
const keyRequest = z.strictObject({
  label: z.string().min(1).max(100).describe('what it is for'),
  holder: fields.identifier
    .optional()
    .describe('the person or the machine that has it; its label where left out'),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  accounts: z
    .array(fields.account)
    .min(1)
    .max(1000)
    .optional()
    .describe('accounts and providers it may act for; all where left out'),
  ratePerSecond: z.number().positive().max(1e6).optional(),
  withdrawals: withdrawals.optional(),
});
const keyMade = z.object({ id: z.string(), key: z.string().describe('told once, kept nowhere') });
const keyList = z.object({
  keys: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      holder: z.string(),
      scopes: z.array(z.enum(SCOPES)),
      accounts: z.array(z.string()).nullable(),
      ratePerSecond: z.number().nullable(),
      withdrawals: z.object({ from: z.array(z.string()).optional(), perDay: z.string().optional() }),
      createdAt: z.string(),
      revokedAt: z.string().nullable(),
    }),
  ),
});
const approvalRequest = z.strictObject({
  method: z.enum(['POST', 'PUT', 'DELETE']),
  path: z.string().regex(/^\/v1\/admin\/[!-~]{1,500}$/, 'must be the path of an admin call, with its query'),
  body: z.string().max(200_000).describe('of the call, to the byte'),
});
const approvalMade = z.object({ id: z.number(), expiresAt: z.string() });
const approvalList = z.object({
  approvals: z.array(
    z.object({
      ...{ id: z.number(), method: z.string(), path: z.string(), body: z.string(), keyId: z.string() },
      ...{ holder: z.string(), at: z.string(), expiresAt: z.string() },
    }),
  ),
});
const auditHead = z.object({
  sequence: z.number().describe('of the last entry'),
  hash: z.string().describe('SHA-256 over it and all entries before it'),
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
  private readonly approvals: Approvals;

  constructor(@Inject(DataSource) database: DataSource) {
    this.keys = new ApiKeys(database);
    this.audit = new AuditLog(database);
    this.approvals = new Approvals(database);
  }

  @Post('keys')
  @HttpCode(201)
  @NeedsScope('admin', { changesState: true, secondHolder: true })
  @Documented({
    summary: 'Make an API key; another holder approves it first',
    body: keyRequest,
    response: keyMade,
    status: 201,
    errors: [401, 403, 409],
  })
  create(@Body(new ZodPipe(keyRequest)) request: z.output<typeof keyRequest>): Promise<object> {
    return this.keys.create(request);
  }

  @Get('keys')
  @NeedsScope('admin')
  @Documented({ summary: 'API keys, without their secrets', response: keyList, errors: [401, 403, 409] })
  async list(): Promise<object> {
    return { keys: await this.keys.list() };
  }

  @Delete('keys/:id')
  @HttpCode(204)
  @NeedsScope('admin', { changesState: true })
  @Documented({
    summary: 'Revoke an API key: every process knows at once, and its streams end',
    params: { id: keyId },
    status: 204,
    errors: [401, 403, 404, 409],
  })
  async revoke(@Param('id', new ZodPipe(keyId)) id: string): Promise<void> {
    await this.keys.revoke(id);
  }

  @Post('approvals')
  @HttpCode(201)
  @NeedsScope('admin', { changesState: true })
  @Documented({
    summary: 'Approve an admin call of another holder, to the byte: it can then be made once, within an hour',
    body: approvalRequest,
    response: approvalMade,
    status: 201,
    errors: [401, 403, 409],
  })
  approve(
    @Body(new ZodPipe(approvalRequest)) call: z.output<typeof approvalRequest>,
    @Req() { principal }: { principal: Principal },
  ): Promise<z.output<typeof approvalMade>> {
    return this.approvals.approve(principal, call);
  }

  @Get('approvals')
  @NeedsScope('admin')
  @Documented({
    summary: 'Approvals that can still be used, the newest first',
    response: approvalList,
    errors: [401, 403, 409],
  })
  async openApprovals(): Promise<z.output<typeof approvalList>> {
    return { approvals: await this.approvals.open() };
  }

  @Get('audit/head')
  @NeedsScope('admin')
  @Documented({
    summary: 'The end of the audit log’s chain of hashes, to be kept where nobody here can change it',
    response: auditHead,
    errors: [401, 403, 409],
  })
  head(): Promise<z.output<typeof auditHead>> {
    return this.audit.head();
  }

  @Get('audit')
  @NeedsScope('admin')
  @Documented({
    summary: 'The audit log, the newest first',
    query: auditQuery,
    response: auditEntries,
    errors: [401, 403, 409],
  })
  async entries(@Query(new ZodPipe(auditQuery)) query: z.output<typeof auditQuery>): Promise<object> {
    return { entries: await this.audit.list(query) };
  }
}
