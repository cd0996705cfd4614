import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Documented, Public } from '#lib/service';
import { Metrics, Readiness } from './metrics.js';
import { Status } from './status.js';

@ApiTags('operations')
@Controller()
export class OperationsController {
  constructor(
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(Status) private readonly status: Status,
  ) {}

  @Get('v1/status')
  @Public()
  @Documented({
    summary: 'How the exchange is, for anyone; answers 200 also where it is degraded',
    response: z.looseObject({
      status: z.enum(['operational', 'degraded']),
      since: z.string(),
      checks: z.record(z.string(), z.boolean()),
      serviceLevels: z
        .array(
          z.object({
            name: z.string(),
            objective: z.number(),
            burn: z
              .record(z.enum(['5m', '1h', '6h']), z.number().nullable())
              .describe(
                'times too fast that the error budget is spent; null where nothing is known of the window',
              ),
          }),
        )
        .describe('by this process’s own counts'),
    }),
  })
  look(): Promise<object> {
    return this.status.look();
  }

  @Get('healthz')
  @Public()
  @Documented({ summary: 'Whether the process lives', response: z.object({ status: z.literal('ok') }) })
  health(): object {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Public()
  @Documented({
    summary: 'Whether the database answers and the services can do their work',
    response: z.looseObject({ status: z.literal('ready') }),
    errors: [503],
  })
  async ready(): Promise<object> {
    const checks = await this.readiness.look();
    const missing = Object.entries(checks).filter(([, passed]) => !passed);
    if (missing.length > 0) {
      throw new ServiceUnavailableException(`not ready: ${missing.map(([name]) => name).join(', ')}`);
    }
    return { status: 'ready', ...checks };
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4')
  @Public()
  @Documented({ summary: 'Prometheus metrics', response: z.string(), contentType: 'text/plain' })
  scrape(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
