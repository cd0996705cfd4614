import { Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EmbeddedLog } from './embedded-log.js';

/** Makes the log available to every service of the process. */
@Global()
@Module({
  providers: [
    {
      provide: EmbeddedLog,
      inject: [DataSource],
      useFactory: (database: DataSource) => new EmbeddedLog(database),
    },
  ],
  exports: [EmbeddedLog],
})
export class EventsModule {}
