import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RULES, rulesPython } from '#lib/rules';
import { noPython, ROOT } from '../support/python.js';

const CLI = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.js');
const HEAD = `import jax.numpy as jnp
from zkrules import gradients, graph, parameter, prices, rule, state, weights
`;
const MOMENTUM = '@rule(tokens=2, w=weights(), g=gradients())\ndef mine(w, g):\n';

/** A graph as other frameworks export them: a linear layer and a softmax. */
const GRAPH = `${HEAD}
import numpy as np
from onnx import TensorProto, helper, numpy_helper

layer = numpy_helper.from_array(np.float32([[2, -1], [-1, 2]]), "target")
model = helper.make_model(
    helper.make_graph(
        [
            helper.make_node("Gemm", ["x", "target", "b"], ["y"], transB=1),
            helper.make_node("Squeeze", ["y", "axes"], ["z"]),
            helper.make_node("Softmax", ["z"], ["out"], axis=0),
        ],
        "linear",
        [helper.make_tensor_value_info("v", TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [2])],
        [layer, numpy_helper.from_array(np.float32([0.25, 0]), "b"), numpy_helper.from_array(np.int64([0]), "axes")],
    ),
    opset_imports=[helper.make_opsetid("", 17)],
    ir_version=8,
)
model.graph.node.insert(0, helper.make_node("Unsqueeze", ["v", "axes"], ["x"]))
mine = graph(model, "linear", 2, w=weights())
`;

const REFUSED: readonly (readonly [what: string, content: string, why: RegExp])[] = [
  ['an operation it has no circuit for', `${HEAD}${MOMENTUM}    return w + jnp.sin(g)\n`, /cannot hold Sin/],
  ['a divisor that may be 0', `${HEAD}${MOMENTUM}    return w / (g + 0.1)\n`, /divisor may be 0/],
  ['a root of what may be negative', `${HEAD}${MOMENTUM}    return w + jnp.sqrt(g)\n`, /may be negative/],
  ['a logarithm of what may be 0', `${HEAD}${MOMENTUM}    return jnp.log(jnp.abs(g))\n`, /0 or less/],
  ['an exponential without a bound', `${HEAD}${MOMENTUM}    return jnp.exp(100 * w)\n`, /bound its argument/],
  ['weights without a bound', `${HEAD}${MOMENTUM}    return w * 1e6\n`, /bound them/],
  ['a shape that is no weight a token', `${HEAD}${MOMENTUM}    return w[:1]\n`, /has shape/],
  [
    'a parameter outside its range',
    `${HEAD}@rule(tokens=2, w=weights(), k=parameter([1, 9], low=0, high=2))\ndef mine(w, k):\n    return w * k\n`,
    /must lie in \[0, 2\]/,
  ],
  ['no market', `${HEAD}@rule(tokens=2, k=parameter(1, 0, 2))\ndef mine(k):\n    return k\n`, /looks at/],
  ['nothing declared', HEAD, /declares 0 rules/],
];

describe.skipIf(noPython() !== undefined)('what zkrisk rule check says', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-check-'));
  /** what the compiler says of each, in one process of Python */
  let said: (string | null)[];
  beforeAll(async () => {
    const files = REFUSED.map(([, content], i) => {
      mkdirSync(join(folder, String(i)));
      const file = join(folder, String(i), 'mine.py');
      writeFileSync(file, content);
      return file;
    });
    const python = await rulesPython(() => undefined);
    const { stdout, stderr } = spawnSync(python, [join(ROOT, 'test', 'support', 'check-rules.py')], {
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: RULES, JAX_PLATFORMS: 'cpu', PYTHONDONTWRITEBYTECODE: '1' },
      input: JSON.stringify(files),
    });
    const answer = stdout.split('\n').find((line) => line.startsWith('['));
    if (answer === undefined) throw new Error(stderr.slice(-2000));
    said = JSON.parse(answer) as typeof said;
  }, 600_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function check(content: string) {
    const file = join(folder, 'mine.py');
    writeFileSync(file, content);
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [CLI, 'rule', 'check', file, '--samples', '50'],
      { encoding: 'utf8' },
    );
    return { stdout, stderr, status };
  }

  it.each(REFUSED.map(([what, , why], i) => [what, i, why] as const))('refuses %s, by name', (_, i, why) => {
    expect(said[i]).toMatch(why);
  });

  it('ends a refusal with its words and a status that is not 0', () => {
    const [, content, why] = REFUSED[0];
    const { status, stderr } = check(content);
    expect(stderr).toMatch(why);
    expect(status).not.toBe(0);
  }, 240_000);

  it('takes a graph that another framework has made', () => {
    const { stdout, stderr } = check(GRAPH);
    expect(stderr).not.toMatch(/refused|Error/);
    const found = JSON.parse(stdout) as {
      name: string;
      errors: { target: number };
      compared: { worst: { target: number } };
    };
    expect(found.name).toBe('linear');
    expect(found.errors.target).toBeLessThan(1e-5);
    expect(found.compared.worst.target).toBeLessThan(found.errors.target + 1e-6);
  }, 240_000);
});
