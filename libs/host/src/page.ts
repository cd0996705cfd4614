import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyContextConfig, FastifyInstance, FastifyReply } from 'fastify';
import type { RouteAccess } from '#lib/service';

/** Where bootstrap puts the page. */
export const PAGE_FOLDER = join(import.meta.dirname, '..', '..', '..', 'web');
const COMPRESSIONS = /\.(br|gz)$/;

const OPEN = { access: 'public' satisfies RouteAccess } as FastifyContextConfig;

/**
 * Nothing from any other host, no inline script or style, no frame around it. `check.html` alone may talk to a node of the
 * reader's choice; it is sandboxed, so that it has no origin, no key and no storage.
 */
const POLICIES = {
  page: [
    ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:"],
    ...[
      "font-src 'self'",
      "connect-src 'self'",
      "frame-src 'self'",
      "worker-src 'self'",
      "manifest-src 'self'",
    ],
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ].join('; '),
  check: [
    ...[
      'sandbox allow-scripts',
      "default-src 'none'",
      "script-src 'self' 'wasm-unsafe-eval'",
      "worker-src 'self' blob:",
    ],
    ...["connect-src 'self' https: http://127.0.0.1:* http://localhost:*"],
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'"],
  ].join('; '),
};

/**
 * Serves the page under `/`, to everyone: each file is a route of its own, so no request names a path on disk.
 *
 * @returns false where the page has not been built
 */
export function servePage(fastify: FastifyInstance, folder: string = PAGE_FOLDER): boolean {
  if (!existsSync(join(folder, 'index.html'))) return false;
  const files = readdirSync(folder).filter((name) => !COMPRESSIONS.test(name) && !name.startsWith('recipe.'));
  void fastify.register(async (scope) => {
    await scope.register(fastifyStatic, {
      root: folder,
      serve: false,
      preCompressed: true,
      cacheControl: false,
    });
    for (const name of files) {
      const send = (_: unknown, reply: FastifyReply) => headersOf(reply, name).sendFile(name);
      scope.get(name === 'index.html' ? '/' : `/${name}`, { config: OPEN }, send);
    }
  });
  return true;
}

/** Vite puts a digest of the content into the name of everything but the documents. */
function headersOf(reply: FastifyReply, name: string): FastifyReply {
  const document = name.endsWith('.html');
  void reply.header('cache-control', document ? 'no-cache' : 'public, max-age=31536000, immutable');
  // A sandboxed document has no origin, and takes scripts only from who lets everyone have them.
  if (!document)
    return reply
      .header('access-control-allow-origin', '*')
      .header('cross-origin-resource-policy', 'cross-origin');
  if (name === 'check.html') void reply.header('x-frame-options', 'SAMEORIGIN');
  return reply.header('content-security-policy', name === 'check.html' ? POLICIES.check : POLICIES.page);
}
