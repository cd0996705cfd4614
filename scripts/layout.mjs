// Writes the builders' layout of public values (circuits/artifacts/layout.json) in the languages that read them: TypeScript for
// libs/proofs, Solidity for the contracts. A test compares the committed files with its output.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ORIGIN = 'Generated from circuits/artifacts/layout.json by scripts/layout.mjs: npm run circuits.';

const constantName = (name) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

function typescript({ shared, circuits }) {
  const entries = Object.entries(circuits).map(([name, { count, values, constants }]) => {
    const rows = values.map(
      (value) =>
        `      ${value.name}: { first: ${value.first}, length: ${value.length}, bits: ${value.bits} },`,
    );
    const numbers = Object.entries(constants).map(([key, value]) => `      ${key}: ${value},`);
    return `  ${name}: {\n    count: ${count},\n    values: {\n${rows.join('\n')}\n    },\n    constants: {\n${numbers.join('\n')}\n    },\n  },`;
  });
  const numbers = Object.entries(shared).map(([key, value]) => `  ${key}: ${value},`);
  return `// ${ORIGIN}

/** Numbers that every circuit's verifier shares with the builders, in units of 2^−24 where nothing else is said. */
export const SHARED = {
${numbers.join('\n')}
} as const;

/** Public values of each circuit: where they begin, how many there are, and the power of two that is their unit. */
export const LAYOUTS = {
${entries.join('\n')}
} as const;
`;
}

function solidity({ shared, circuits }) {
  const constant = (name, value, type = 'uint256') =>
    `    ${type} internal constant ${constantName(name)} = ${value};`;
  const libraries = Object.entries(circuits).map(([name, { count, values, constants }]) => {
    const title = `${name[0].toUpperCase()}${name.slice(1)}Layout`;
    const lines = [
      constant('count', count),
      ...values.flatMap((value) => [
        constant(value.name, value.first),
        ...(value.length > 1 ? [constant(`${value.name}Length`, value.length)] : []),
        ...(value.bits > 0 ? [constant(`${value.name}Bits`, value.bits)] : []),
      ]),
      ...Object.entries(constants).map(([key, value]) => constant(key, value)),
    ];
    return `/// @title Where the public values of \`${name}\` are: first index, number where there are several, unit 2^-bits.
library ${title} {
${lines.join('\n')}
}
`;
  });
  return `// SPDX-License-Identifier: Apache-2.0
// ${ORIGIN}
pragma solidity ^0.8.28;

/// @title Numbers that every circuit's verifier shares with the builders.
library SharedLayout {
${Object.entries(shared)
  .map(([key, value]) => constant(key, value))
  .join('\n')}
}

${libraries.join('\n')}`;
}

/** Files that are made of the layout, by their path from the root. */
export function layoutFiles() {
  const layout = JSON.parse(readFileSync(join(root, 'circuits', 'artifacts', 'layout.json'), 'utf8'));
  return {
    'libs/proofs/src/generated/layout.ts': typescript(layout),
    'contracts/src/generated/Layout.sol': solidity(layout),
  };
}

export function writeLayout() {
  for (const [path, content] of Object.entries(layoutFiles())) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeLayout();
