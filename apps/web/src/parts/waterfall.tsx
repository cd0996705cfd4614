import { percentText } from '../format/numbers.js';
import { Real } from './figures.js';

export interface Part {
  readonly name: string;
  readonly value: number;
}

const SHOWN = 12;

/**
 * Parts of a sum as a waterfall, the largest first: each bar begins where the one above has ended, and the last is the sum. What is not
 * shown is summed up in a line.
 */
export function Waterfall({ label, parts, total }: { label: string; parts: readonly Part[]; total: Part }) {
  const sorted = [...parts].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const shown = sorted.slice(0, SHOWN);
  const rest = sorted.slice(SHOWN);
  const restSum = rest.reduce((sum, { value }) => sum + value, 0);
  const lines = rest.length === 0 ? shown : [...shown, { name: `${rest.length} others`, value: restSum }];
  let level = 0;
  const steps = lines.map((line) => ({ ...line, from: level, to: (level += line.value) }));
  const levels = steps.map(({ to }) => to);
  const low = Math.min(0, total.value, ...levels);
  const span = Math.max(0, total.value, ...levels) - low || 1;
  const place = (from: number, to: number) => ({
    left: `${((Math.min(from, to) - low) / span) * 100}%`,
    width: `${(Math.abs(to - from) / span) * 100}%`,
  });
  const share = (value: number) => (total.value === 0 ? '–' : percentText(value / total.value, 1));
  return (
    <table class="plain bars" aria-label={label}>
      <tbody>
        {steps.map(({ name, value, from, to }) => (
          <tr key={name}>
            <th scope="row" title={name}>
              <span>{name}</span>
            </th>
            <td class="track">
              <span class={value < 0 ? 'bar hedge' : 'bar'} style={place(from, to)} />
            </td>
            <td class="numeric">
              <Real of={value} decimals={2} />
            </td>
            <td class="numeric note">{share(value)}</td>
          </tr>
        ))}
        <tr class="total">
          <th scope="row">{total.name}</th>
          <td class="track">
            <span class="bar sum" style={place(0, total.value)} />
          </td>
          <td class="numeric">
            <Real of={total.value} decimals={2} />
          </td>
          <td class="numeric note">100 %</td>
        </tr>
      </tbody>
    </table>
  );
}
