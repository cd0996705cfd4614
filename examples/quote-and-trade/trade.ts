// Follows a market's mark on a stream, asks for a quote on it and takes it over REST.
//
//   npm run build && node dist/examples/quote-and-trade/trade.js --url http://127.0.0.1:8080 --account me --market SIM-A --size 0.5
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { ApiError, type StreamSocketConstructor, ZkriskClient, ZkriskStream } from '#lib/sdk';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    account: { type: 'string', default: 'me' },
    market: { type: 'string', default: 'SIM-A' },
    size: { type: 'string', default: '0.5' },
  },
});
const apiKey = process.env.ZKRISK_API_KEY;
const options = { url: values.url, ...(apiKey === undefined ? {} : { apiKey }) };
const client = new ZkriskClient(options);
// From Node 22 on, and in browsers, there is a WebSocket already.
const stream = new ZkriskStream({ ...options, WebSocket: WebSocket as unknown as StreamSocketConstructor });
const say = (line: string) => process.stdout.write(`${line}\n`);

for await (const { document } of stream.subscribe('marks', { market: values.market })) {
  const { mark } = (document.markets as Record<string, { mark: string }>)[values.market];
  say(`${values.market} ${mark}`);
  break;
}
const quote = await stream.quote(values.account, [{ market: values.market, size: values.size }]);
say(`${values.size} at ${quote.legs[0].mark} for a premium of ${quote.premium.total}`);
try {
  const trade = await client.acceptQuote(quote.id, 'cross', quote.token);
  say(`booked at ${trade.bookedAt}`);
} catch (error) {
  if (!(error instanceof ApiError) || error.code !== 'quote-stale') throw error;
  say('a bar has come in between: ask again');
}
stream.close();
