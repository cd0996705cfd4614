// For `npm run mutants`: the specs' fast-check, whose properties draw a few examples alone, also where they name more.
import { register } from 'node:module';

/** Examples of a property at most; vitest draws 100, or as many as the property names. */
const EXAMPLES = 30;

/** From here on `fast-check` is imported with {@link EXAMPLES} at most. The same examples come first each time. */
export function drawFewExamples() {
  const real = import.meta.resolve('fast-check');
  const few = `
    import fc from '${real}';
    export * from '${real}';
    export const assert = (property, { numRuns = ${EXAMPLES}, ...more } = {}) =>
      fc.assert(property, { ...more, numRuns: Math.min(numRuns, ${EXAMPLES}) });
    export default { ...fc, assert };`;
  const url = `data:text/javascript,${encodeURIComponent(few)}`;
  const hooks = `export const resolve = (name, context, next) =>
    name === 'fast-check' ? { url: ${JSON.stringify(url)}, shortCircuit: true } : next(name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}
