import { afterAll } from 'vitest';

// Both conformance specs once more, on the client that is not the default (docs/internals/adr/0003).

const CLIENT = 'ZKRISK_TEST_KAFKA_CLIENT';
const before = process.env[CLIENT];
process.env[CLIENT] = 'platformatic';
await import('../service/event-log.spec.js');
await import('./kafka-clients.spec.js');

afterAll(() => {
  if (before === undefined) Reflect.deleteProperty(process.env, CLIENT);
  else process.env[CLIENT] = before;
});
