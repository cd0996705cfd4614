import { readFileSync } from 'node:fs';

/** The parts used here: Node 20's types have no WebAssembly, and a browser's would bring much else. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** Exports of native/dense.c; matrices by their addresses. */
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** first address that the kernel itself does not use */
  readonly __heap_base: { readonly value: number };
  multiply(a: number, b: number, c: number, m: number, k: number, n: number, panel: number): void;
  multiply_transposed(a: number, b: number, c: number, m: number, n: number, k: number): void;
  log_cosh(s: number, sums: number, rows: number, length: number): void;
}

const DOUBLE = 8;
const PAGE = 65_536;
/** Columns of native/dense.c. */
const PANEL_COLUMNS = 4;

let instance: KernelExports | undefined;

function exportsOfKernel(): KernelExports {
  if (instance === undefined) {
    const bytes = readFileSync(new URL('../native/dense.wasm', import.meta.url));
    instance = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as KernelExports;
  }
  return instance;
}

/** Addresses of arrays of so many numbers each, one after the other in the kernel's memory, which grows to hold them. */
function placed(kernel: KernelExports, ...sizes: readonly number[]): number[] {
  let next = Math.ceil(kernel.__heap_base.value / 16) * 16;
  const addresses = sizes.map((size) => {
    const at = next;
    next += Math.ceil((size * DOUBLE) / 16) * 16;
    return at;
  });
  const missing = next - kernel.memory.buffer.byteLength;
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / PAGE));
  return addresses;
}

const view = (kernel: KernelExports, at: number, size: number) =>
  new Float64Array(kernel.memory.buffer, at, size);

/** Writes a product of A and B, row-major matrices whose shapes three sizes give, into c, and returns it. */
export type Product = (
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  ...sizes: [number, number, number]
) => Float64Array;

/** C = A·B in vectors; A is m×k, B is k×n. */
export const kernelMultiply: Product = (a, b, c, m, k, n) => {
  const kernel = exportsOfKernel();
  const [atA, atB, atC, panel] = placed(kernel, m * k, k * n, m * n, PANEL_COLUMNS * k);
  view(kernel, atA, m * k).set(a);
  view(kernel, atB, k * n).set(b);
  kernel.multiply(atA, atB, atC, m, k, n, panel);
  c.set(view(kernel, atC, m * n));
  return c;
};

/** C = A·Bᵀ in vectors; A is m×n, B is k×n. */
export const kernelMultiplyTransposed: Product = (a, b, c, m, n, k) => {
  const kernel = exportsOfKernel();
  const [atA, atC, otherB] = placed(kernel, m * n, m * k, a === b ? 0 : k * n);
  const atB = a === b ? atA : otherB;
  view(kernel, atA, m * n).set(a);
  if (a !== b) view(kernel, atB, k * n).set(b);
  kernel.multiply_transposed(atA, atB, atC, m, n, k);
  c.set(view(kernel, atC, m * k));
  return c;
};

/**
 * s ← tanh s on each row.
 *
 * @param sources rows × length
 * @returns of each row Σ ln cosh s, Σ (1 − tanh² s)
 */
export function logCosh(sources: Float64Array, rows: number, length: number): Float64Array {
  const kernel = exportsOfKernel();
  const [at, atSums] = placed(kernel, rows * length, 2 * rows);
  view(kernel, at, rows * length).set(sources);
  kernel.log_cosh(at, atSums, rows, length);
  sources.set(view(kernel, at, rows * length));
  return view(kernel, atSums, 2 * rows).slice();
}
