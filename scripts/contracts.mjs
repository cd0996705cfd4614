// Compiles the contracts with npm's solc into dist/contracts: ABI and bytecode of each that is deployed. A contract that no
// chain would take (EIP-170) fails the build.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf, stampBuild } from './build-cache.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDER = join(root, 'dist', 'contracts');
const LARGEST = 24_576;
const VERIFIERS = ['circuits/artifacts/Halo2VerifierReusable.sol', 'circuits/artifacts/bar/BarVerifier.sol'];

/** Sources that are compiled, relative to the root. */
function contractSources() {
  const own = readdirSync(join(root, 'contracts', 'src'), { recursive: true })
    .filter((name) => name.endsWith('.sol'))
    .map((name) => `contracts/src/${name.replaceAll('\\', '/')}`)
    .sort();
  return [...own, ...VERIFIERS];
}

/** Digest, folder and files of the build. The lock file pins the compiler and the libraries that contracts import. */
export function contractsRecipe() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const pinned = ['solc', '@openzeppelin/contracts', 'solady'].map(
    (name) => packages[`node_modules/${name}`].integrity ?? packages[`node_modules/${name}`].version,
  );
  const inputs = [...contractSources(), 'scripts/contracts.mjs'];
  return {
    ...{ name: 'contracts', title: 'contracts', folder: FOLDER },
    digest: digestOf(...pinned, ...inputs.flatMap((path) => [path, readFileSync(join(root, path))])),
    files: ['RiskOracle.json'],
    keeps: /\.json$/,
  };
}

/** Compiles, writes an artifact for each deployed contract and returns their sizes in bytes by name. */
export function buildContracts() {
  const solc = createRequire(import.meta.url)('solc');
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(
      contractSources().map((path) => [path, { content: readFileSync(join(root, path), 'utf8') }]),
    ),
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: 'cancun',
      // Otherwise the bytecode would depend on where the sources are.
      metadata: { bytecodeHash: 'none' },
      outputSelection: {
        '*': {
          '*': [
            'abi',
            'evm.bytecode.object',
            'evm.deployedBytecode.object',
            'evm.deployedBytecode.immutableReferences',
          ],
        },
      },
    },
  };
  const output = JSON.parse(
    solc.compile(JSON.stringify(input), {
      import: (path) => ({ contents: readFileSync(join(root, 'node_modules', path), 'utf8') }),
    }),
  );
  const errors = (output.errors ?? []).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join('\n'));
  mkdirSync(FOLDER, { recursive: true });
  const sizes = {};
  for (const contracts of contractSources().map((path) => output.contracts[path])) {
    for (const [name, { abi, evm }] of Object.entries(contracts)) {
      const size = evm.deployedBytecode.object.length / 2;
      // Interfaces and base contracts.
      if (size === 0) continue;
      if (size > LARGEST)
        throw new Error(`${name} has ${size} bytes, more than the ${LARGEST} a chain takes`);
      sizes[name] = size;
      const artifact = {
        name,
        abi,
        bytecode: `0x${evm.bytecode.object}`,
        deployedBytecode: `0x${evm.deployedBytecode.object}`,
        immutables: Object.values(evm.deployedBytecode.immutableReferences).flat(),
      };
      writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify(artifact)}\n`);
    }
  }
  stampBuild(contractsRecipe());
  return sizes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, size] of Object.entries(buildContracts()))
    process.stdout.write(`${name.padEnd(24)} ${String(size).padStart(6)} bytes\n`);
}
