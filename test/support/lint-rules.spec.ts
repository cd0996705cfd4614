import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Node {
  type?: string;
  source?: { value: string };
  imported?: { name: string };
  object?: { type: string; name: string };
  property?: { name: string };
}

interface Rule {
  meta: { messages: Record<string, string> };
  create(context: {
    filename: string;
    report(problem: { data?: { message: string } }): void;
  }): Record<string, (node: Node) => void>;
}

const root = process.cwd();
const { default: plugin } = (await import(pathToFileURL(join(root, 'lint-rules.mjs')).href)) as {
  default: { rules: Record<string, Rule> };
};

/** A rule's message about one node of a file; undefined where it allows the node. */
function verdict(rule: string, file: string, kind: string, node: Node): string | undefined {
  let found: string | undefined;
  const { meta, create } = plugin.rules[rule];
  const report = ({ data }: { data?: { message: string } }) =>
    (found = data?.message ?? Object.values(meta.messages)[0]);
  create({ filename: join(root, file), report })[kind](node);
  return found;
}

describe('arrows', () => {
  const importing = (file: string, value: string) =>
    verdict('arrows', file, 'ImportDeclaration', { source: { value } });

  it.each([
    ['libs/amounts/src/amount.ts', '#lib/chain', 'library amounts may not depend on chain'],
    ['libs/chain/src/sender.ts', '#lib/amounts/src/amount.js', 'import amounts through its index'],
    ['libs/amounts/src/amount.ts', '../../../apps/pricer/src/index.js', 'may not depend on an app'],
    ['libs/amounts/src/amount.ts', '../../risk/src/index.js', 'import risk as #lib/risk'],
    ['apps/zkrisk/src/main.ts', '../../pricer/src/pricer.service.js', 'import pricer through its index'],
    [
      'libs/liquidation/src/verify/verify.ts',
      '../solve/plan.js',
      'liquidation/verify may not depend on solve',
    ],
  ])('%s may not import %s', (file, source, message) => {
    expect(importing(file, source)).toContain(message);
  });

  it.each([
    ['libs/risk/src/evar.ts', '#lib/errors'],
    ['apps/zkrisk/src/main.ts', '../../pricer/src/index.js'],
    ['apps/pricer/src/main.ts', '#lib/risk'],
    ['libs/liquidation/src/verify/verify.ts', '../program/program.js'],
    ['libs/liquidation/src/verify/verify.spec.ts', '../solve/plan.js'],
  ])('%s may import %s', (file, source) => {
    expect(importing(file, source)).toBeUndefined();
  });
});

describe('uniform-numbers', () => {
  const drawing = (object: string, property: string) =>
    verdict('uniform-numbers', 'libs/risk/src/evar.spec.ts', 'MemberExpression', {
      object: { type: 'Identifier', name: object },
      property: { name: property },
    });

  it('refuses fc.double and fc.float, by member and by import', () => {
    expect(drawing('fc', 'double')).toContain('uniform');
    expect(drawing('fc', 'float')).toContain('uniform');
    const imported = { imported: { name: 'double' } };
    expect(verdict('uniform-numbers', 'libs/risk/src/evar.spec.ts', 'ImportSpecifier', imported)).toContain(
      'uniform',
    );
  });

  it('allows other arbitraries and other objects', () => {
    expect(drawing('fc', 'integer')).toBeUndefined();
    expect(drawing('numbers', 'double')).toBeUndefined();
  });
});
