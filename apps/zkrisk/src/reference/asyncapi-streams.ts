import { z } from 'zod';
import { type ChannelDefinition, CHANNELS, clientMessage, CLOSE_CODES, serverMessage } from '#lib/messages';

const DESCRIPTION = `What \`/v1/ws\` carries: JSON text messages. Each channel is one document that a client mirrors: a snapshot, then deltas, which are JSON Merge Patches (RFC 7396), with consecutive sequences; no field of a document is null. Whoever comes back names the stream and sequence of the last message seen (\`resume\`) and gets what it has missed, or a snapshot where that is not kept any more. Whoever reads too slowly misses deltas and gets a snapshot (\`slow-reader\`). docs/integrate/streams.md explains it.
Keys: \`Authorization: Bearer zk_…\` with the request, or \`authenticate\` as the first message.`;

type Schema = Record<string, unknown>;

/** The streams as an AsyncAPI 3.0 document: one WebSocket, its messages, and the channels one subscribes to. */
export function asyncApiStreams(): object {
  const client = variants(clientMessage, 'op');
  const server = variants(serverMessage, 'type');
  const messages = { ...named(client, 'client'), ...named(server, 'server') };
  const refs = (direction: string, schemas: Record<string, Schema>) =>
    Object.keys(schemas).map((name) => ({ $ref: `#/channels/ws/messages/${direction}.${name}` }));
  return {
    asyncapi: '3.0.0',
    info: { title: 'zkrisk streams', version: '1.0.0', description: DESCRIPTION },
    defaultContentType: 'application/json',
    servers: {
      engine: {
        host: 'localhost:8080',
        protocol: 'ws',
        security: [{ $ref: '#/components/securitySchemes/key' }],
      },
    },
    channels: {
      ws: {
        address: '/v1/ws',
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
        'x-channels': Object.fromEntries(
          Object.entries<ChannelDefinition>(CHANNELS).map(([name, { description, subject, scope }]) => [
            name,
            {
              description,
              scope: scope ?? 'anyone',
              ...(subject === undefined ? {} : { subject: subject.kind, subjectRequired: subject.required }),
            },
          ]),
        ),
        'x-close-codes': CLOSE_CODES,
      },
    },
    operations: {
      ask: { action: 'receive', channel: { $ref: '#/channels/ws' }, messages: refs('client', client) },
      tell: { action: 'send', channel: { $ref: '#/channels/ws' }, messages: refs('server', server) },
    },
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'an API key: zk_…' } },
      messages,
    },
  };
}

/** The alternatives of a union by the value of the field that tells them apart. */
function variants(schema: z.ZodType, by: string): Record<string, Schema> {
  const { oneOf, anyOf } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' }) as {
    oneOf?: Schema[];
    anyOf?: Schema[];
  };
  return Object.fromEntries(
    (oneOf ?? anyOf ?? []).map((variant) => {
      const properties = variant.properties as Record<string, { const?: string }>;
      return [properties[by].const!, variant];
    }),
  );
}

function named(schemas: Record<string, Schema>, direction: string): Record<string, object> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      `${direction}.${name}`,
      { name, payload: { schemaFormat: 'application/schema+json;version=draft-2020-12', schema } },
    ]),
  );
}
