import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Metrics, Readiness } from './metrics.js';

@ApiTags('operations')
@Controller()
export class OperationsController {
  constructor(
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  @Get('healthz')
  @ApiOperation({ summary: 'Whether the process lives' })
  health(): object {
    return { status: 'ok' };
  }

  @Get('readyz')
  @ApiOperation({ summary: 'Whether the database answers and the services can do their work' })
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
  @ApiOperation({ summary: 'Prometheus metrics' })
  scrape(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
