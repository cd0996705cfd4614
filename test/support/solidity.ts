import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Abi, Hex } from 'viem';

const root = join(import.meta.dirname, '..', '..', '..');

interface Compiled {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>;
}

/** A contract of the tests, compiled as those of contracts/src are. */
export function compiled(path: string, name: string, source?: string): { abi: Abi; bytecode: Hex } {
  const solc = createRequire(import.meta.url)('solc') as {
    compile(input: string, callbacks: { import: (path: string) => { contents: string } }): string;
  };
  const input = {
    language: 'Solidity',
    sources: { [path]: { content: source ?? readFileSync(join(root, path), 'utf8') } },
    settings: {
      ...{ optimizer: { enabled: true, runs: 200 }, evmVersion: 'cancun' },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  };
  const load = (file: string) => ({
    contents: readFileSync(join(root, file.startsWith('contracts/') ? '' : 'node_modules', file), 'utf8'),
  });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: load })) as Compiled;
  const errors = (output.errors ?? []).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join('\n'));
  const { abi, evm } = output.contracts[path][name];
  return { abi, bytecode: `0x${evm.bytecode.object}` };
}
