import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { type ParametersSet, parameterSeal, ParameterSealError } from '#lib/exchange';
import { fields, riskParameters, TOPICS } from '#lib/messages';
import { Documented, NeedsScope, ZodPipe } from '#lib/service';
import { CommandDesk } from '../command-desk.js';
import { previewParameters } from '../parameter-preview.js';
import { PRICER_CONFIG, type PricerConfig } from '../pricer.config.js';
import { PricerService } from '../pricer.service.js';

const previewRequest = z.strictObject({
  parameters: riskParameters.describe('all of them; what is left out has its default'),
});
const changeRequest = z.strictObject({
  commandId: fields.identifier.optional().describe('makes a retry safe: the same id is decided once'),
  base: z.int().min(1).describe('version that is changed; refused where another one holds'),
  parameters: riskParameters.describe('all of them; what is left out has its default'),
  by: fields.identifier.describe('who changes them'),
  reason: z.string().min(1).max(200),
});
const pair = z.object({ before: z.number(), after: z.number() });
const previewResponse = z.object({
  base: z.int(),
  digest: z.string(),
  changed: z.array(z.string()).describe('paths of the fields that are different'),
  accounts: z.int().describe('accounts with positions'),
  liquidatable: pair.extend({ names: z.array(z.string()).describe('that only the change makes so, some') }),
  initialMargin: pair,
  maintenanceMargin: pair,
  riskMeasure: pair.nullable().describe('ρ of the pool; null before a forecast'),
});
const current = z.object({ version: z.int(), digest: z.string(), parameters: riskParameters });
const change = z.object({
  version: z.int(),
  digest: z.string(),
  at: z.string(),
  by: z.string(),
  reason: z.string(),
  parameters: riskParameters,
});
const MOST_CHANGES = 100;

/** The parameters: version in force, former versions, preview of a change, and the change. */
@ApiTags('parameters')
@Controller('v1')
export class ParametersController {
  constructor(
    @Inject(PricerService) private readonly pricer: PricerService,
    @Inject(CommandDesk) private readonly commands: CommandDesk,
    @Inject(PRICER_CONFIG) private readonly config: PricerConfig,
  ) {}

  @Get('parameters')
  @NeedsScope('quote')
  @Documented({ summary: 'The risk parameters that hold, and their version', response: current })
  parameters(): z.output<typeof current> {
    const { version, digest, parameters } = this.pricer.engine.parameters.rules;
    return { version, digest, parameters };
  }

  @Get('parameters/history')
  @NeedsScope('quote')
  @Documented({
    summary: 'Changes of the risk parameters, newest first; version 1 is what services started with',
    response: z.object({ changes: z.array(change) }),
  })
  async history(): Promise<{ changes: z.output<typeof change>[] }> {
    const changes = await this.pricer.parameterChanges(MOST_CHANGES);
    return { changes: changes.map(({ at, ...kept }) => ({ ...kept, at: new Date(at).toISOString() })) };
  }

  @Post('admin/parameters/preview')
  @HttpCode(200)
  @NeedsScope('admin')
  @Documented({
    summary: 'What other risk parameters would change: who would be liquidated, all margins, ρ',
    body: previewRequest,
    response: previewResponse,
    errors: [401, 403, 409, 422],
  })
  preview(
    @Body(new ZodPipe(previewRequest)) { parameters }: z.output<typeof previewRequest>,
  ): Promise<z.output<typeof previewResponse>> {
    return previewParameters(this.pricer.engine, parameters) as Promise<z.output<typeof previewResponse>>;
  }

  @Post('admin/parameters')
  @HttpCode(200)
  @NeedsScope('admin', { changesState: true, secondHolder: true })
  @Documented({
    summary: 'Put other risk parameters in force, for all services; another holder approves it first',
    body: changeRequest,
    response: change,
    errors: [401, 403, 409, 422, 503, 504],
  })
  async change(
    @Body(new ZodPipe(changeRequest)) request: z.output<typeof changeRequest>,
  ): Promise<z.output<typeof change>> {
    const { commandId = randomUUID(), base, parameters, by, reason } = request;
    const secret = this.config.MARKET_ORDER_SECRET;
    if (secret === undefined)
      throw new ParameterSealError('parameters cannot be changed: MARKET_ORDER_SECRET is not set');
    const unsealed = { commandId, base, parameters, by, reason, issuedAt: Date.now() };
    const payload = { ...unsealed, seal: parameterSeal(secret, unsealed) };
    const event = await this.commands.submit(TOPICS.parameterCommands, 'operator', commandId, payload);
    if (event.kind !== 'parameters-set') throw new Error(`a change cannot have come to ${event.kind}`);
    return changeView(event);
  }
}

function changeView(event: ParametersSet): z.output<typeof change> {
  const { version, parametersDigest: digest, at, by, reason, parameters } = event;
  return { version, digest, at: new Date(at).toISOString(), by, reason, parameters };
}
