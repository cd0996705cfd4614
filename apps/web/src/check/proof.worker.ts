import wasm from '@ezkljs/engine/nodejs/ezkl_bg.wasm?url';
import { keepModule } from './node/fs.js';
import type { ProofCheckRequest, ProofCheckReply, ProofCheckStep } from './proof.js';

// A worker of its own: WebAssembly is compiled under its policy, not under the page's, and a key takes seconds to make.

const tell = (message: ProofCheckReply) => {
  postMessage(message);
};
const step = (what: ProofCheckStep) => {
  tell({ kind: 'step', step: what });
};

onmessage = ({ data }: MessageEvent<ProofCheckRequest>) => {
  check(data).then(tell, (error: unknown) => {
    tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  });
};

async function check({ document, artifacts }: ProofCheckRequest): Promise<ProofCheckReply> {
  step('loading');
  const [engineBytes, circuit, settings, srs] = await Promise.all(
    [
      new URL(wasm, import.meta.url).href,
      ...['circuit', 'settings', 'srs'].map((part) => `${artifacts}/${part}`),
    ].map(bytesOf),
  );
  const digest = await digestOf([circuit, settings, srs]);
  if (digest !== document.artifacts)
    return {
      kind: 'verdict',
      holds: false,
      digest,
      failure: 'it was made with other artifacts than these: another circuit, or another SRS',
    };
  keepModule(engineBytes);
  const { default: engine } = await import('@ezkljs/engine/nodejs/ezkl.js');
  engine.init_panic_hook();
  step('key');
  const owned = (bytes: Uint8Array) => new Uint8ClampedArray(bytes);
  const vk = engine.genVk(owned(circuit), owned(srs), true);
  step('verifying');
  const bytes = Uint8Array.from(document.proof.slice(2).match(/../g) ?? [], (pair) => parseInt(pair, 16));
  // The parts of a proof that the engine reads.
  const proof = {
    ...{ instances: [document.instances], proof: Array.from(bytes), hex_proof: document.proof },
    ...{ transcript_type: 'EVM', protocol: null, split: null, pretty_public_inputs: null },
    ...{ timestamp: null, commitment: 'KZG', version: null },
  };
  const json = owned(new TextEncoder().encode(JSON.stringify(proof)));
  let holds = false;
  let failure: string | undefined;
  try {
    holds = engine.verify(json, owned(vk), owned(settings), owned(srs));
    if (!holds) failure = 'the proof does not verify';
  } catch (error) {
    failure = `the proof does not verify: ${error instanceof Error ? error.message : String(error)}`;
  }
  return { kind: 'verdict', holds, digest, ...(failure === undefined ? {} : { failure }) };
}

async function bytesOf(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** SHA-256 of the parts' own digests, as libs/proofs names artifacts. */
async function digestOf(parts: readonly Uint8Array<ArrayBuffer>[]): Promise<string> {
  const digests = await Promise.all(parts.map((part) => crypto.subtle.digest('SHA-256', part)));
  const whole = new Uint8Array(32 * parts.length);
  digests.forEach((digest, i) => whole.set(new Uint8Array(digest), 32 * i));
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
