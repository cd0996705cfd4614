import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { DataSource } from 'typeorm';
import { InvalidInputError } from '#lib/errors';
import { type ActsFor, problemOf, type RouteAccess } from '#lib/service';
import type { AccessConfig } from './access.environment.js';
import { AdminSignatures } from './admin-signature.js';
import { ApiKeys, type Principal } from './api-keys.js';
import { Approvals } from './approvals.js';
import { AuditLog } from './audit-log.js';
import { ForbiddenError, UnauthenticatedError } from './errors.js';
import { type AskedWithdrawal, WithdrawalLimits } from './withdrawal-limits.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** whose key came with the request; null where none is needed */
    principal: Principal | null;
    auditId: number | null;
    /** gives back a withdrawal's count against its key's limit; null where it has none */
    uncount: (() => Promise<void>) | null;
    /** as it came, of admin calls */
    rawBody: Buffer | undefined;
  }
}

/** Fields of paths, bodies and queries that may name somebody. */
const NAMES = ['account', 'provider', 'liquidator'];
/** Levels of objects and arrays in a body; a liquidator's certificate has five. */
const DEEPEST = 32;
const OPEN_TO_EVERYONE = /^\/docs(\/|-|$)/;

/**
 * Checks access before anything else reads a request: the key and its scope, the accounts it may act for, the
 * signature of admin calls and their second holder, a key's limits of withdrawal. A request that may change state is written to the audit
 * log before it does. A route that does not say who may call it is nobody's.
 */
export function guardRoutes(
  fastify: FastifyInstance,
  options: {
    readonly service: string;
    readonly required: boolean;
    readonly config: AccessConfig;
    readonly database: () => DataSource;
  },
): RouteGuard {
  const { service, required, config } = options;
  let parts:
    | {
        keys: ApiKeys;
        signatures: AdminSignatures;
        audit: AuditLog;
        approvals: Approvals;
        limits: WithdrawalLimits;
      }
    | undefined;
  const opened = () => {
    const database = options.database();
    return (parts ??= {
      keys: new ApiKeys(database),
      signatures: new AdminSignatures(database, config.ADMIN_SECRET),
      audit: new AuditLog(database),
      approvals: new Approvals(database),
      limits: new WithdrawalLimits(database),
    });
  };
  const open = new Set<FastifyReply>();
  fastify.decorateRequest('principal', null);
  fastify.decorateRequest('auditId', null);
  fastify.decorateRequest('uncount', null);
  fastify.decorateRequest('rawBody', undefined);

  fastify.addHook('onRequest', async (request, reply) => {
    const access = accessOf(request);
    if (access === 'public' || (!required && !isAdmin(access))) return;
    try {
      request.principal = await opened().keys.principalOf(keyIn(request));
      open.add(reply);
      if (access === undefined) throw new ForbiddenError('this route is open to nobody');
      if (!request.principal.scopes.has(access.scope))
        throw new ForbiddenError(`the key lacks the scope "${access.scope}"`, { scope: access.scope });
    } catch (error) {
      return refuse(error, request, reply);
    }
  });

  // Signatures are over the bytes that came.
  fastify.addHook('preParsing', async (request, _reply, payload) => {
    if (!isAdmin(accessOf(request))) return payload;
    const chunks: Buffer[] = [];
    for await (const chunk of payload) chunks.push(chunk as Buffer);
    request.rawBody = Buffer.concat(chunks);
    return Object.assign(Readable.from(request.rawBody), { receivedEncodedLength: request.rawBody.length });
  });

  fastify.addHook('preHandler', async (request, reply) => {
    const access = accessOf(request);
    if (access === 'public' || access === undefined) return;
    try {
      if (isAdmin(access)) {
        const { method, url, headers, rawBody: body = Buffer.alloc(0) } = request;
        await opened().signatures.require({ method, url, body }, headers);
      }
      requireAccounts(request, access.actsFor);
      if (!access.changesState) return;
      requireShallow(request.body);
      request.auditId = await opened().audit.begin({
        service,
        keyId: request.principal?.keyId ?? null,
        address: request.ip,
        method: request.method,
        path: request.url,
        requestId: request.id,
        bodyHash: createHash('sha256')
          .update(JSON.stringify(request.body ?? null))
          .digest('hex'),
      });
      if (request.principal === null) return;
      const { method, url, body, rawBody = Buffer.alloc(0), principal } = request;
      if (config.ADMIN_HOLDERS === '2' && needsSecondHolder(access, body))
        await opened().approvals.use(principal, method, url, rawBody);
      if (access.withdraws)
        request.uncount = (await opened().limits.count(principal, withdrawalIn(request))) ?? null;
    } catch (error) {
      return refuse(error, request, reply);
    }
  });

  fastify.addHook('onResponse', async (request, reply) => {
    open.delete(reply);
    if (request.uncount !== null && reply.statusCode >= 400 && reply.statusCode < 500)
      await request.uncount();
    if (request.auditId !== null) await opened().audit.end(request.auditId, reply.statusCode);
  });
  return {
    keys: () => opened().keys,
    endRevoked: () => {
      for (const reply of open) {
        const { principal } = reply.request;
        const streams = reply.raw.headersSent && !reply.raw.writableEnded;
        if (streams && principal !== null && !opened().keys.isValid(principal.keyId)) reply.raw.destroy();
      }
    },
  };
}

export interface RouteGuard {
  keys(): ApiKeys;
  /** Ends answers that are still being sent, as server-sent events are, to keys that are not valid any more. */
  endRevoked(): void;
}

/** By the route that was found: the same route can be written in many ways, such as `/v1/%61dmin/keys`. */
function isAdmin(access: RouteAccess | undefined): boolean {
  return access !== undefined && access !== 'public' && access.scope === 'admin';
}

/** Who may call the route of a request; undefined: the route does not say. */
export function accessOf({ routeOptions, url }: FastifyRequest): RouteAccess | undefined {
  // An unknown route has no secrets: everyone gets 404.
  if (routeOptions.url === undefined || OPEN_TO_EVERYONE.test(url)) return 'public';
  return (routeOptions.config as { access?: RouteAccess }).access;
}

/** From `Authorization: Bearer …` or `X-API-Key`; undefined where there is none. */
export function givenKey({ headers }: FastifyRequest): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const key = bearer ?? headers['x-api-key'];
  return typeof key === 'string' ? key : undefined;
}

function keyIn(request: FastifyRequest): string {
  const key = givenKey(request);
  if (key === undefined) throw new UnauthenticatedError('an API key is needed: Authorization: Bearer zk_…');
  return key;
}

/**
 * A key that is bound to accounts acts for no others. Where the route acts for somebody the call has to name whom: a default,
 * `anonymous`, is nobody the key is bound to.
 *
 * @throws {ForbiddenError}
 */
function requireAccounts(
  { principal, params, body, query }: FastifyRequest,
  actsFor: ActsFor | undefined,
): void {
  const accounts = principal?.accounts ?? null;
  if (accounts === null) return;
  let named = false;
  for (const fields of [params, body, query]) {
    if (typeof fields !== 'object' || fields === null) continue;
    for (const name of NAMES) {
      const value = (fields as Record<string, unknown>)[name];
      if (value === undefined) continue;
      if (!(typeof value === 'string' && accounts.has(value)))
        throw new ForbiddenError(`the key may not act for the ${name} it names`, { field: name });
      named ||= name === actsFor;
    }
  }
  if (actsFor !== undefined && !named)
    throw new ForbiddenError(`the key is bound to accounts: the call must name its ${actsFor}`, {
      field: actsFor,
    });
}

/**
 * No call has much depth. Thousands of levels would end the stack of whoever writes the body as text again, the audit log first.
 *
 * @throws {InvalidInputError}
 */
function requireShallow(body: unknown): void {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST)
      throw new InvalidInputError('body', `must not be nested deeper than ${DEEPEST} levels`);
    level = level.flatMap((value): unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
}

function needsSecondHolder({ secondHolder }: Exclude<RouteAccess, 'public'>, body: unknown): boolean {
  return typeof secondHolder === 'function' ? secondHolder(body) : secondHolder;
}

/** A withdrawal as its body and path name it; the route refuses a path that is not text. */
function withdrawalIn({ params, body, url }: FastifyRequest): AskedWithdrawal {
  const given = { ...(body as object | null), ...(params as object) } as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return {
    owner: text(given.account ?? given.provider),
    call: JSON.stringify([url, body]),
    commandId: typeof given.commandId === 'string' ? given.commandId : undefined,
    amount: text(given.amount),
  };
}

function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error, request.url);
  if (problem.status >= 500) request.log.error(error);
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}
