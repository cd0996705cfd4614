let module: Uint8Array | undefined;

/** Takes the engine's WebAssembly, which its loader reads as a file. */
export function keepModule(bytes: Uint8Array): void {
  module = bytes;
}

export function readFileSync(path: string): Uint8Array {
  if (module === undefined || !path.endsWith('ezkl_bg.wasm')) throw new Error(`${path} is not there`);
  return module;
}
