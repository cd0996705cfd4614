// C to WebAssembly, by a clang that is itself WebAssembly: no compiler of the machine is needed.

/**
 * Compiles and links.
 *
 * @param what name of the source, for the message where it does not compile
 * @param {string[]} args of clang, without `-o`
 * @param {Record<string, unknown>} tree files by name, folders as objects of the same kind
 * @returns {Promise<Uint8Array>} the module
 */
export async function compileWasm(what, args, tree) {
  const { runClang } = await import('@yowasp/clang');
  let messages = '';
  try {
    const built = await runClang(['clang', ...args, '-o', 'module.wasm'], tree, {
      stderr: (bytes) => bytes && (messages += Buffer.from(bytes).toString()),
      fetchProgress: () => undefined,
    });
    return built['module.wasm'];
  } catch (error) {
    throw new Error(`${what} did not compile: ${messages || error.message}`, { cause: error });
  }
}
