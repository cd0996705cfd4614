import { randomUUID } from 'node:crypto';
import { signedHeaders } from '#lib/host';
import { UsageError } from '#lib/terminal';

/**
 * An engine's answer to a request: a POST where there is a body. Signed with ADMIN_SECRET where the environment has it: without a
 * signature no engine answers a call of the scope `admin`.
 *
 * @throws {UsageError} with the engine's own words where it refuses the request
 */
export async function engineAnswer(
  engine: string,
  path: string,
  { apiKey, body }: { readonly apiKey?: string; readonly body?: object } = {},
): Promise<unknown> {
  const url = new URL(path, engine);
  const text = body === undefined ? '' : JSON.stringify(body);
  const { ADMIN_SECRET } = process.env;
  const call = {
    ...{ method: body === undefined ? 'GET' : 'POST', url: url.pathname + url.search },
    ...{ body: Buffer.from(text), nonce: randomUUID() },
  };
  const response = await fetch(url, {
    headers: {
      ...(ADMIN_SECRET === undefined || apiKey === undefined ? {} : signedHeaders(ADMIN_SECRET, call)),
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { method: 'POST', body: text }),
  });
  if (!response.ok) throw new UsageError(`${url.href} answers ${response.status}: ${await response.text()}`);
  return response.json();
}
