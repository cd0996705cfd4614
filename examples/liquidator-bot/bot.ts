// A liquidator bot: follows the stream of plans, checks each certificate itself, and offers to execute the plan. With --bid it solves
// the case itself, for a part of the penalty, and competes with the others.
//
//   npm run build && node dist/examples/liquidator-bot/bot.js --url http://127.0.0.1:8080 --name my-bot --bid 0.5
//
// The engine gives everybody five seconds (HOUSE_LIQUIDATOR=backstop, the default); with off the first report wins.
import { parseArgs } from 'node:util';
import { ApiError, type PlanOpened, verifyCertificate, ZkriskClient } from '#lib/sdk';
import { bidFor } from './solver.js';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    name: { type: 'string', default: 'example-bot' },
    /** API key with the scope "trade"; or ZKRISK_API_KEY */
    key: { type: 'string' },
    /** part of the penalty that is asked for, from 0 to 1; without it the plan is executed as it is */
    bid: { type: 'string' },
    /** event id to go on after; 0: from the beginning */
    after: { type: 'string' },
  },
});

const apiKey = values.key ?? process.env.ZKRISK_API_KEY;
const client = new ZkriskClient({ url: values.url, ...(apiKey === undefined ? {} : { apiKey }) });
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopping.abort();
  });
}
const say = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);

async function execute({ planId, account, orders, plan }: PlanOpened): Promise<void> {
  // Trust nobody: the certificate proves that the plan is needed, sufficient, and the least that is.
  const { holds, failures } = verifyCertificate(plan);
  if (!holds) {
    say(`${planId} REFUSED, its certificate does not hold: ${failures.join('; ')}`);
    return;
  }
  const legs = orders.map(({ market, size }) => `${size} ${market}`).join(', ');
  say(`${planId} ${account} ${plan.outcome}, gap ${plan.gap?.toExponential(1) ?? 'none'}: ${legs}`);
  // Here a bot would hedge elsewhere the positions that it takes over. Against the pool, at mark, the report is enough.
  try {
    await client.reportExecution(planId, {
      reportId: `${values.name}-${planId}`,
      liquidator: values.name,
      status: 'full',
      ...(values.bid === undefined ? {} : bidFor(plan, Number(values.bid))),
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(`${planId} ${error.code}: ${error.message}`);
  }
}

say(`following ${values.url} as ${values.name}`);
const events = client.liquidationEvents({
  ...(values.after === undefined ? {} : { after: values.after }),
  signal: stopping.signal,
  onDisconnect: (error) => {
    say(`disconnected (${error.message}), connecting again`);
  },
});
for await (const event of events) {
  if (event.kind === 'closed') say(`${event.planId} ${event.status}: ${event.reason}`);
  else if (event.kind === 'claimed') say(`${event.planId} claimed by ${event.liquidator}`);
  else {
    await execute(event).catch((error: unknown) => {
      say(`${event.planId} could not be reported: ${String(error)}`);
    });
  }
}
