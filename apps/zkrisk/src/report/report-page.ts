import { wholeText } from '#lib/amounts';
import { escape } from '#lib/charts';
import type { Report } from './report.js';
import { reportRows } from './report-table.js';

/** A report as one HTML file that needs no network: tables and pictures are in it, and nothing else is fetched. */
export function reportPage(report: Report, pictures: Readonly<Record<string, string>>): string {
  const title = `zkrisk: ${report.market}`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escape(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    `<h1>${escape(report.market)}</h1>`,
    report.simulated ? '<p class="note">Simulated: these are no real prices.</p>' : '',
    report.solvent ? '' : '<p class="alarm">INSOLVENT: losses have passed capital and liquidity.</p>',
    section('Summary', table(['', ''], reportRows(report))),
    ...Object.entries(pictures).map(([name, svg]) => `<figure id="${escape(name)}">${svg}</figure>`),
    section('Liquidations', liquidations(report)),
    section('Refusals', refusals(report)),
    section('Dead letters', deadLetters(report)),
    report.settlement === null ? '' : section('Epochs', epochs(report.settlement)),
    section('Input', notes(report.input.notes)),
    '</body>',
    '</html>',
    '',
  ]
    .filter((part, i, parts) => part !== '' || i === parts.length - 1)
    .join('\n');
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1.5rem; }
th, td { text-align: left; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; overflow-x: auto; }
figure svg { width: 100%; min-width: 40rem; height: auto; border-radius: 4px; }
.note { font-style: italic; } .alarm { font-weight: 700; color: #b8432f; }
`;

const section = (title: string, body: string) => `<section><h2>${title}</h2>${body}</section>`;

/** Cells that are figures stand at the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const numeric = header.map(
    (_, i) => rows.length > 0 && rows.every((row) => /^-?[\d,.]+(e-?\d+)?$/.test(row[i])),
  );
  const cells = (row: readonly string[], tag: 'td' | 'th') =>
    row.map((cell, i) => `<${tag}${numeric[i] ? ' class="number"' : ''}>${escape(cell)}</${tag}>`).join('');
  const head = header.every((name) => name === '') ? '' : `<thead><tr>${cells(header, 'th')}</tr></thead>`;
  return `<table>${head}<tbody>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('')}</tbody></table>`;
}

function liquidations({ liquidations: { byOutcome } }: Report): string {
  if (byOutcome.length === 0) return '<p>None.</p>';
  return table(
    ['outcome', 'plans', 'notional closed', 'notional of the accounts', 'largest gap'],
    byOutcome.map(({ outcome, plans, closedNotional, notional, worstGap }) => [
      ...[outcome, String(plans), wholeText(closedNotional), wholeText(notional)],
      worstGap === null ? '–' : worstGap.toExponential(2),
    ]),
  );
}

function refusals({ accounts: { refusedTrades, refusedCommands } }: Report): string {
  const rows = Object.entries(refusedTrades).map(([code, count]) => [`trade: ${code}`, String(count)]);
  return table(['what', 'count'], [...rows, ['deposit, withdrawal or transfer', String(refusedCommands)]]);
}

function deadLetters({ deadLetters: letters }: Report): string {
  if (letters.length === 0) return '<p>None: every message was taken.</p>';
  return table(
    ['topic', 'count', 'reason of the first'],
    letters.map(({ topic, count, reason }) => [topic, String(count), reason]),
  );
}

function epochs({ epochs: settled }: NonNullable<Report['settlement']>): string {
  if (settled.length === 0) return '<p>None yet.</p>';
  return table(
    ['epoch', 'bar', 'status', 'EVaR off chain', 'EVaR on chain', 'proofs, s', 'gas', ''],
    settled.map(({ number, bar, status, offChain, onChain, proofSeconds, gas, reason }) => [
      ...[number === null ? '–' : String(number), bar.slice(0, 16), status, offChain.toFixed(2)],
      ...[onChain === null ? '–' : onChain.toFixed(2), proofSeconds.toFixed(0), wholeText(gas), reason ?? ''],
    ]),
  );
}

function notes(lines: readonly string[]): string {
  if (lines.length === 0) return '<p>Nothing was passed over and nothing is missing.</p>';
  return `<ul>${lines.map((line) => `<li>${escape(line)}</li>`).join('')}</ul>`;
}
