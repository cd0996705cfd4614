import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { EnvironmentSchema } from '#lib/service';
import type { Quoter, StreamChannel } from '#lib/streams';

/** A service of the engine, to be hosted alone or beside others. */
export interface ServiceDefinition {
  readonly name: string;
  /** variables that the service reads from the environment */
  readonly environment: EnvironmentSchema;
  /** whether its process also serves the page */
  readonly page?: true;
  /** Prepares the service's needs before its module is made. */
  open(environment: NodeJS.ProcessEnv): OpenedService | Promise<OpenedService>;
}

export interface OpenedService {
  readonly module: DynamicModule;
  /** Adds to the server before Nest registers its routes. */
  routes?(fastify: FastifyInstance, app: () => INestApplicationContext): void;
  /** Its channels of `/v1/ws`. */
  streams?(app: INestApplicationContext): {
    readonly channels: readonly StreamChannel[];
    readonly quote?: Quoter;
  };
  /** The server listens and topics are read. */
  started?(app: INestApplicationContext): void;
  /** The process is about to end: background work besides requests and topics stops now. */
  ending?(app: INestApplicationContext): Promise<void>;
  /** Everything else has ended. */
  close?(app: INestApplicationContext | undefined): Promise<void>;
}
