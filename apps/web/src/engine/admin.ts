import { signal } from '@preact/signals';
import { askWith } from './api.js';

/** The operator's secret. In memory alone: it ends with the page, and is never sent. */
export const adminSecret = signal('');

const encoder = new TextEncoder();
const hex = (bytes: ArrayBuffer) =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A call of the operator's, signed as `zkrisk admin` signs it: HMAC-SHA-256 over method, path, time, nonce and the body's digest. */
export async function askSigned<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const [timestamp, nonce] = [String(Date.now()), crypto.randomUUID()];
  const digest = hex(await crypto.subtle.digest('SHA-256', encoder.encode(text)));
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(adminSecret.peek()), hmac, false, ['sign']);
  const call = [method, pathOf(path), timestamp, nonce, digest].join('\n');
  const signature = hex(await crypto.subtle.sign('HMAC', key, encoder.encode(call)));
  return askWith<T>(path, body, {
    'x-zkrisk-timestamp': timestamp,
    'x-zkrisk-nonce': nonce,
    'x-zkrisk-signature': signature,
  });
}

/** Lets another holder make a POST, to the byte. */
export async function approveCall(path: string, body: object): Promise<void> {
  const call = { method: 'POST', path: pathOf(path), body: JSON.stringify(body) };
  await askSigned('POST', 'v1/admin/approvals', call);
}

/** Path and query as the engine sees them, whatever path a proxy serves it under. */
function pathOf(path: string): string {
  return `/${path}`;
}
