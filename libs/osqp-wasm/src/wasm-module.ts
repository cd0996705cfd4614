/** Exports of build/osqp.wasm. Pointers are offsets in its memory. */
export interface OsqpExports {
  readonly memory: WebAssembly.Memory;
  _initialize?(): void;
  wasm_malloc(bytes: number): number;
  wasm_free(pointer: number): void;
  wasm_setup(
    n: number,
    m: number,
    Pp: number,
    Pi: number,
    Px: number,
    q: number,
    Ap: number,
    Ai: number,
    Ax: number,
    l: number,
    u: number,
    settings: number,
    error: number,
  ): number;
  wasm_convexity(n: number, Pp: number, Pi: number, Px: number, zeros: number, shift: number): number;
  wasm_update_cost(solver: number, q: number): number;
  wasm_update_bounds(solver: number, l: number, u: number): number;
  wasm_update_matrices(solver: number, Px: number, Pn: number, Ax: number, An: number): number;
  wasm_warm_start(solver: number, x: number, y: number): number;
  wasm_solve(solver: number): number;
  wasm_x(solver: number): number;
  wasm_y(solver: number): number;
  wasm_primal_certificate(solver: number): number;
  wasm_dual_certificate(solver: number): number;
  wasm_result(solver: number, out: number): void;
  wasm_cleanup(solver: number): number;
}

/** The compiled module: bytes, a module, or a response (in a browser: `fetch('osqp.wasm')`). */
export type OsqpSource = BufferSource | WebAssembly.Module | Response | Promise<Response>;

/** @param source where to take the module from; default: the package's own file, read or fetched */
export async function instantiate(source?: OsqpSource): Promise<OsqpExports> {
  const given = await (source ?? packagedModule());
  const instance =
    given instanceof WebAssembly.Module
      ? await WebAssembly.instantiate(given)
      : typeof Response !== 'undefined' && given instanceof Response
        ? (await WebAssembly.instantiate(await given.arrayBuffer())).instance
        : (await WebAssembly.instantiate(given as BufferSource)).instance;
  const exports = instance.exports as unknown as OsqpExports;
  exports._initialize?.();
  return exports;
}

async function packagedModule(): Promise<BufferSource | Response> {
  const url = new URL('../build/osqp.wasm', import.meta.url);
  if (url.protocol !== 'file:') return fetch(url);
  const { readFile } = await import('node:fs/promises');
  const bytes = await readFile(url);
  return new Uint8Array(bytes);
}
