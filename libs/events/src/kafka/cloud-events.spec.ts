import { describe, expect, it } from 'vitest';
import { outgoing, TOPICS } from '#lib/messages';
import { cloudEvent } from './cloud-events.js';

const time = Date.UTC(2026, 0, 1);
const record = (value: string, key = 'alice') => ({ key, partition: 0, value, headers: {} });

describe(cloudEvent, () => {
  it('says id, type with the version of the schema, subject and time of a message', () => {
    const header = { id: 'd-1', sequence: 1, time };
    const payload = { kind: 'deposit', commandId: 'd-1', account: 'alice', amount: '1' } as const;
    const { value } = outgoing(TOPICS.accounts, 'alice', header, payload);
    expect(cloudEvent('eu.accounts', 'eu.', record(value))).toEqual({
      ...{ ce_specversion: '1.0', ce_id: 'd-1', ce_source: '/zkrisk', ce_type: 'zkrisk.accounts.v1' },
      ...{ ce_subject: 'alice', ce_time: '2026-01-01T00:00:00.000Z', 'content-type': 'application/json' },
    });
  });

  it('says nothing of a dead letter', () => {
    expect(cloudEvent('prices.dead', '', record('{"reason":"late","topic":"prices"}'))).toEqual({});
  });
});
