// The last day's measure of risk as an SVG.
//
//   npm run build && node dist/examples/plot-day/plot.js --url http://127.0.0.1:8080 --out day.svg
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ZkriskClient } from '#lib/sdk';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    out: { type: 'string', default: 'day.svg' },
  },
});
const apiKey = process.env.ZKRISK_API_KEY;
const client = new ZkriskClient({ url: values.url, ...(apiKey === undefined ? {} : { apiKey }) });
const now = Date.parse((await client.status()).marketTime as string);
const { columns, rows } = await client.history('risk', {
  ...{ from: now - 86_400_000, to: now + 60_000, step: '1h' },
});
const at = columns.indexOf('riskMeasure');
const points = rows.map((row) => [Number(row[0]), Number(row[at])] as const);
const [WIDTH, HEIGHT] = [800, 300];
const scale = (list: number[], to: number) => {
  const [least, most] = [Math.min(...list), Math.max(...list)];
  return (value: number) => (most === least ? to / 2 : ((value - least) / (most - least)) * to);
};
const x = scale(
  points.map(([time]) => time),
  WIDTH,
);
const y = scale(
  points.map(([, risk]) => risk),
  HEIGHT,
);
const path = points.map(([time, risk]) => `${x(time).toFixed(1)},${(HEIGHT - y(risk)).toFixed(1)}`).join(' ');
writeFileSync(
  values.out,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -10 ${WIDTH + 20} ${HEIGHT + 20}"><title>ρ over a day, quote currency</title><polyline fill="none" stroke="currentColor" points="${path}"/></svg>\n`,
);
process.stdout.write(`${points.length} measures of risk in ${values.out}\n`);
