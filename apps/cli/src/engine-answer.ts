import { UsageError } from '#lib/terminal';

/**
 * An engine's answer to a request: a POST where there is a body.
 *
 * @throws {UsageError} with the engine's own words where it refuses the request
 */
export async function engineAnswer(
  engine: string,
  path: string,
  { apiKey, body }: { readonly apiKey?: string; readonly body?: object } = {},
): Promise<unknown> {
  const url = new URL(path, engine);
  const response = await fetch(url, {
    headers: {
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new UsageError(`${url.href} answers ${response.status}: ${await response.text()}`);
  return response.json();
}
