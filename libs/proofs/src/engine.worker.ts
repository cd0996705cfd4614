import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { answerRequests } from '#lib/runtime';
import type { EngineReply, EngineRequest } from './engine-prover.js';
import { writeWhole } from './whole-file.js';

/** The part of `@ezkljs/engine` that is used; everything is bytes, JSON included. */
interface Engine {
  init_panic_hook(): void;
  genWitness(circuit: Uint8ClampedArray, input: Uint8ClampedArray): Uint8Array;
  genVk(circuit: Uint8ClampedArray, srs: Uint8ClampedArray, compressSelectors: boolean): Uint8Array;
  genPk(vk: Uint8ClampedArray, circuit: Uint8ClampedArray, srs: Uint8ClampedArray): Uint8Array;
  poseidonHash(values: Uint8ClampedArray): Uint8ClampedArray;
  prove(
    witness: Uint8ClampedArray,
    pk: Uint8ClampedArray,
    circuit: Uint8ClampedArray,
    srs: Uint8ClampedArray,
  ): Uint8Array;
  verify(
    proof: Uint8ClampedArray,
    vk: Uint8ClampedArray,
    settings: Uint8ClampedArray,
    srs: Uint8ClampedArray,
  ): boolean;
}

// Its package offers no ES module for Node.
const engine = createRequire(import.meta.url)('@ezkljs/engine/nodejs/ezkl.js') as Engine;
engine.init_panic_hook();

/** A copy that owns its memory: the engine reads views of pooled buffers wrongly. */
const bytes = (data: Uint8Array) => new Uint8ClampedArray(data);
const json = (value: unknown) => bytes(Buffer.from(JSON.stringify(value)));

/** A key, made at first use and kept beside the others. */
function cached(path: string, make: () => Uint8Array): Uint8ClampedArray {
  if (existsSync(path)) return bytes(readFileSync(path));
  const key = make();
  mkdirSync(dirname(path), { recursive: true });
  writeWhole(path, key);
  return bytes(key);
}

answerRequests((request: EngineRequest): EngineReply => {
  if (request.kind === 'commit') {
    const [[hash]] = JSON.parse(
      Buffer.from(engine.poseidonHash(json(request.values))).toString(),
    ) as string[][];
    return { kind: 'commitment', hash };
  }
  const { artifacts, keys, work } = request;
  const [circuit, settings, srs] = [artifacts.circuit, artifacts.settings, artifacts.srs].map(bytes);
  const vk = cached(`${keys}/${artifacts.digest}.vk`, () => engine.genVk(circuit, srs, true));
  if (work.kind === 'verify') {
    // The parts of a proof that the engine reads; the rest of its own document is not signed by anything.
    const proof = {
      instances: [work.instances],
      proof: Array.from(Buffer.from(work.proof.slice(2), 'hex')),
      hex_proof: work.proof,
      transcript_type: 'EVM',
      protocol: null,
      split: null,
      pretty_public_inputs: null,
      timestamp: null,
      commitment: 'KZG',
      version: null,
    };
    return { kind: 'verdict', verifies: engine.verify(json(proof), vk, settings, srs) };
  }
  const provingKey = () => cached(`${keys}/${artifacts.digest}.pk`, () => engine.genPk(vk, circuit, srs));
  if (work.kind === 'keys') {
    provingKey();
    return { kind: 'keys' };
  }
  // Before the key: an input that the circuit does not take is refused at once.
  const witness = bytes(engine.genWitness(circuit, json({ input_data: work.inputs })));
  const pk = provingKey();
  const proof = JSON.parse(Buffer.from(engine.prove(witness, pk, circuit, srs)).toString()) as {
    instances: string[][];
    hex_proof: string;
  };
  return { kind: 'proof', instances: proof.instances.flat(), proof: proof.hex_proof };
});
