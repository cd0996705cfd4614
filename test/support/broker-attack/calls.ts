import { randomUUID } from 'node:crypto';
import { signedHeaders } from '#lib/host';
import type { ServiceProcess } from '../topology.js';

/** An answer of the API, and how long it took. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly milliseconds: number;
}

/** Results of an attack as they come. */
export interface Findings {
  /** how often each action was taken, and each answer given */
  readonly counts: Map<string, number>;
  /** each is a law that did not hold */
  readonly problems: string[];
}

export function count({ counts }: Findings, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Calls of the API; an answer of 5xx other than 503 is a problem, and so is one that does not come. */
export class Calls {
  constructor(private readonly found: Findings) {}

  get(service: ServiceProcess, key: string, path: string): Promise<Answer> {
    return this.send(service, 'GET', key, path);
  }

  post(service: ServiceProcess, key: string, path: string, body: unknown): Promise<Answer> {
    return this.send(service, 'POST', key, path, JSON.stringify(body));
  }

  /** A call that must be refused. */
  async refused(
    service: ServiceProcess,
    key: string,
    path: string,
    body: unknown,
    what: string,
  ): Promise<void> {
    const { status } = await this.post(service, key, path, body);
    count(this.found, `${what}: ${status}`);
    if (status < 400)
      this.found.problems.push(`${what}: ${path} ${JSON.stringify(body).slice(0, 300)} answered ${status}`);
  }

  /** A call of an administrator, signed. */
  signed(service: ServiceProcess, secret: string, key: string, path: string, body: object): Promise<Answer> {
    const text = JSON.stringify(body);
    const call = { method: 'POST', url: `/v1/${path}`, body: Buffer.from(text), nonce: randomUUID() };
    return this.send(service, 'POST', key, path, text, signedHeaders(secret, call));
  }

  private async send(
    service: ServiceProcess,
    method: string,
    key: string,
    path: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const begun = performance.now();
    const { status, text } = await fetch(`${service.url}/v1/${path}`, {
      ...{ method, body, signal: AbortSignal.timeout(60_000) },
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    }).then(
      async (response) => ({ status: response.status, text: await response.text() }),
      (error: unknown) => ({ status: 599, text: String(error) }),
    );
    const milliseconds = performance.now() - begun;
    const answered = parsed(text);
    const code = status < 400 ? '' : ` ${String(answered.code ?? answered.type)}`;
    count(this.found, `REST ${status}${code}`);
    if (status >= 500 && status !== 503)
      this.found.problems.push(`${method} ${path}: ${status} ${text.slice(0, 300)}`);
    return { status, body: answered, milliseconds };
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
