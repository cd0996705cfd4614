import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import type { BuiltRule } from './built-rule.js';
import type { RuleManifest } from './manifest.js';

// One thread: a rule is small, and so its results are the same on every machine.
env.wasm.numThreads = 1;

/** A rule's answer for an update: the weights it asks for, and the next values of its states. */
export interface RuleAnswer {
  readonly target: readonly number[];
  readonly next: Readonly<Record<string, readonly number[]>>;
}

/** The graph of a rule as it is: the same file that is proven, run by onnxruntime in single precision. */
export class RuleGraph {
  private constructor(
    private readonly session: InferenceSession,
    private readonly manifest: RuleManifest,
  ) {}

  static async load({ onnx, manifest }: Pick<BuiltRule, 'onnx' | 'manifest'>): Promise<RuleGraph> {
    return new RuleGraph(await InferenceSession.create(onnx, { logSeverityLevel: 3 }), manifest);
  }

  /** @param given numbers of every input by name, in the order of its shape */
  async run(given: Readonly<Record<string, ArrayLike<number>>>): Promise<RuleAnswer> {
    const feeds = Object.fromEntries(
      this.session.inputNames.map((name) => {
        const { shape } = this.manifest.inputs.find((input) => input.name === name)!;
        return [name, new Tensor('float32', Float32Array.from(given[name]), shape)];
      }),
    );
    const found = await this.session.run(feeds);
    const numbers = (name: string) => Array.from(found[name].data as Float32Array);
    const states = this.manifest.groups.state;
    return {
      target: numbers('target'),
      next: Object.fromEntries(states.map((name) => [name, numbers(`next.${name}`)])),
    };
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}
