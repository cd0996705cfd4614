import { percentText } from '../format/numbers.js';
import { Real } from './figures.js';

export interface Part {
  readonly name: string;
  readonly value: number;
}

const SHOWN = 12;

/** Parts of a sum as bars from a common zero, the largest first; what is not shown is summed up in a line. */
export function Bars({ label, parts, total }: { label: string; parts: readonly Part[]; total: Part }) {
  const sorted = [...parts].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const shown = sorted.slice(0, SHOWN);
  const rest = sorted.slice(SHOWN);
  const restSum = rest.reduce((sum, { value }) => sum + value, 0);
  const lines = rest.length === 0 ? shown : [...shown, { name: `${rest.length} others`, value: restSum }];
  const low = Math.min(0, ...lines.map(({ value }) => value));
  const high = Math.max(0, ...lines.map(({ value }) => value));
  const span = high - low || 1;
  const share = (value: number) => (total.value === 0 ? '–' : percentText(value / total.value, 1));
  return (
    <table class="plain bars" aria-label={label}>
      <tbody>
        {lines.map(({ name, value }) => (
          <tr key={name}>
            <th scope="row" title={name}>
              <span>{name}</span>
            </th>
            <td class="track">
              <span
                class={value < 0 ? 'bar hedge' : 'bar'}
                style={{
                  left: `${((Math.min(0, value) - low) / span) * 100}%`,
                  width: `${(Math.abs(value) / span) * 100}%`,
                }}
              />
            </td>
            <td class="numeric">
              <Real of={value} decimals={2} />
            </td>
            <td class="numeric note">{share(value)}</td>
          </tr>
        ))}
        <tr class="total">
          <th scope="row">{total.name}</th>
          <td />
          <td class="numeric">
            <Real of={total.value} decimals={2} />
          </td>
          <td class="numeric note">100 %</td>
        </tr>
      </tbody>
    </table>
  );
}
