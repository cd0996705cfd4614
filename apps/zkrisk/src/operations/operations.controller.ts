import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { PricerService } from '../../../pricer/src/index.js';
import { EngineMetrics } from './engine-metrics.js';

@ApiTags('operations')
@Controller()
export class OperationsController {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(PricerService) private readonly pricer: PricerService,
    @Inject(EngineMetrics) private readonly metrics: EngineMetrics,
  ) {}

  @Get('healthz')
  @ApiOperation({ summary: 'Whether the process lives' })
  health(): object {
    return { status: 'ok' };
  }

  @Get('readyz')
  @ApiOperation({ summary: 'Whether the database answers and quotes can be given' })
  async ready(): Promise<object> {
    const checks = {
      database: await this.database.query('select 1').then(
        () => true,
        () => false,
      ),
      forecast: this.pricer.engine.ready(),
    };
    if (!checks.database || !checks.forecast) {
      const missing = Object.entries(checks).filter(([, passed]) => !passed);
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
