import { dirname, relative, resolve, sep } from 'node:path';
import tseslint from 'typescript-eslint';
import { LIBRARIES, ROOMS } from './rooms.mjs';

const ARROWS = Object.fromEntries(Object.entries(LIBRARIES).map(([name, { uses }]) => [name, uses]));

const root = import.meta.dirname;

/** @type {import('eslint').Rule.RuleModule} */
const arrows = {
  meta: { type: 'problem', schema: [], messages: { arrow: '{{message}}' } },
  create(context) {
    const [kind, name, , room, inRoom] = relative(root, context.filename).split(sep);
    const isSpec = context.filename.endsWith('.spec.ts');
    const check = (node) => {
      const source = node.source?.value;
      if (typeof source !== 'string') return;
      const report = (message) => context.report({ node, messageId: 'arrow', data: { message } });
      const library = /^#lib\/([^/]+)(\/.*)?$/.exec(source);
      if (library) {
        if (library[2]) report(`import ${library[1]} through its index, not ${source}`);
        else if (kind === 'libs' && !(ARROWS[name] ?? []).includes(library[1])) {
          report(`library ${name} may not depend on ${library[1]}; the arrows are in rooms.mjs`);
        }
        return;
      }
      if (!source.startsWith('.')) return;
      const [toKind, toName, ...rest] = relative(root, resolve(dirname(context.filename), source)).split(sep);
      if (toKind === kind && toName === name) {
        const rooms = ROOMS[name];
        const to = rest[1];
        if (rooms?.[room] && inRoom && !isSpec && to !== room && !rooms[room].includes(to)) {
          report(`${name}/${room} may not depend on ${to}; the arrows are in rooms.mjs`);
        }
        return;
      }
      if (kind === 'libs' && toKind === 'apps') report(`library ${name} may not depend on an app`);
      else if (toKind === 'libs') report(`import ${toName} as #lib/${toName}`);
      else if (kind === 'apps' && toKind === 'apps' && rest.join('/') !== 'src/index.js') {
        report(`import ${toName} through its index, not ${source}`);
      }
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
  },
};

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'libs/osqp-wasm/build/**', 'reports/**', '.zkrisk/**'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    plugins: { zkrisk: { rules: { arrows } } },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    rules: {
      'zkrisk/arrows': 'error',
      // fast-check draws 93 % of its doubles between 0 and 1 below 0.001: properties would hold for want of inputs.
      'no-restricted-syntax': [
        'error',
        ...[
          "MemberExpression[object.name='fc'][property.name=/^(double|float)$/]",
          'ImportSpecifier[imported.name=/^(double|float)$/]',
        ].map((selector) => ({
          selector,
          message: 'draw numbers with uniform or logUniform of test/support/arbitraries.ts',
        })),
      ],
      // Nest modules are classes that hold nothing but their decorator.
      '@typescript-eslint/no-extraneous-class': [
        'error',
        { allowWithDecorator: true, allowStaticOnly: true },
      ],
      // Bounds are known where indices come from loops; the compiler is told the same.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // An array's element is typed as present, so checks that it is look unnecessary to the rule.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreVoidOperator: true, ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // Nest types its options as classes and wants plain objects there.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Values read from JSON get their type from the caller.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/prefer-for-of': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
