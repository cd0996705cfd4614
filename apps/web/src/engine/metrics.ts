/** A sample of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([+-]?Inf|NaN|[-+]?[\d.]+(?:[eE][-+]?\d+)?)(?: -?\d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '\\': '\\', '"': '"' };

/** Samples of an exposition; comments and other lines are passed over. */
export function samplesIn(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = LINE.exec(line);
    if (match === null) return [];
    const [, name, labels = '', value] = match;
    const pairs = [...labels.matchAll(LABEL)].map(
      ([, label, given]) =>
        [label, given.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter)] as const,
    );
    return [
      {
        name,
        labels: new Map(pairs),
        value: value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : Number(value),
      },
    ];
  });
}
