import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyContextConfig, FastifyInstance, FastifyReply } from 'fastify';
import type { RouteAccess } from '#lib/service';

/** Where bootstrap puts the page. */
export const PAGE_FOLDER = join(import.meta.dirname, '..', '..', '..', 'web');
const COMPRESSIONS = /\.(br|gz)$/;

const OPEN = { access: 'public' satisfies RouteAccess } as FastifyContextConfig;

const NOTHING_ELSE = [
  "default-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];
/**
 * Nothing from any other host, no inline script or style, no frame. Two workers have policies of their own, which are those of their
 * scripts: one compiles WebAssembly, and one may reach a node of the reader's choice. Workers see no storage: they know no key.
 */
const POLICIES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^proof\.worker-/, ["script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'"]],
  [/^chain\.worker-/, ["script-src 'self'", 'connect-src https: http://127.0.0.1:* http://localhost:*']],
  [
    /\.html$/,
    [
      ...["script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'"],
      "worker-src 'self'",
    ],
  ],
];

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

/** Vite puts a digest of the content into the name of everything but the document. */
function headersOf(reply: FastifyReply, name: string): FastifyReply {
  const lasting = name.endsWith('.html') ? 'no-cache' : 'public, max-age=31536000, immutable';
  const policy = POLICIES.find(([names]) => names.test(name))?.[1] ?? [];
  return (
    reply
      .header('cache-control', lasting)
      .header('content-security-policy', [...NOTHING_ELSE, ...policy].join('; '))
      // With the opener policy isolates the page, which the shared memory of the verifier needs.
      .header('cross-origin-embedder-policy', 'require-corp')
  );
}
