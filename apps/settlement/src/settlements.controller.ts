import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { EpochPayload } from '#lib/messages';
import { Documented, Public, ZodPipe } from '#lib/service';
import type { ChainTransactionEntity, SettlementEpochEntity } from '#lib/storage';
import { marketName } from '#lib/chain';
import { SettlementCalls } from './settlement-calls.js';
import { SettlementRepository } from './settlement.repository.js';
import { SettlementService } from './settlement.service.js';

const listQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) });

@ApiTags('settlements')
@Controller('v1/settlements')
export class SettlementsController {
  constructor(
    @Inject(SettlementService) private readonly service: SettlementService,
    @Inject(SettlementRepository) private readonly repository: SettlementRepository,
    @Inject(SettlementCalls) private readonly calls: SettlementCalls,
  ) {}

  @Get('awaiting')
  @Public()
  @Documented({
    summary:
      'The model and the portfolio margin that wait for the oracle’s governor, with the calls to make; `zkrisk govern` makes them',
    response: z.looseObject({
      chainId: z.int(),
      oracle: z.string(),
      model: z.looseObject({}).nullable(),
      margin: z.looseObject({}).nullable(),
    }),
  })
  async awaiting(): Promise<object> {
    const { chainId, oracle, attestor } = this.service.chain.deployment;
    const awaited = await this.calls.awaitingGovernor();
    const waits = await this.calls.awaitedMargin();
    const margin =
      waits === undefined
        ? null
        : { attestor, digest: waits.digest, register: waits.register, from: Number(waits.from) };
    if (awaited === undefined) return { chainId, oracle, model: null, margin };
    const { propose, install, model } = awaited;
    const markets = model.parts.map((part) => part.markets.map(marketName));
    return {
      chainId,
      oracle,
      margin,
      model: { propose, install, markets, stateBar: Number(model.stateBar) },
    };
  }

  @Get()
  @Public()
  @Documented({
    summary: 'Epochs and transactions, the newest first, and what the oracle on the chain says now',
    query: listQuery,
    response: z.looseObject({ chain: z.looseObject({}), epochs: z.array(z.looseObject({})) }),
    errors: [422],
  })
  async list(@Query(new ZodPipe(listQuery)) { limit }: z.output<typeof listQuery>): Promise<object> {
    const { deployment, rpcUrl, embedded } = this.service.chain;
    return {
      // A node that is not ours may have a key in its address.
      chain: {
        rpcUrl: embedded ? rpcUrl : null,
        id: deployment.chainId,
        oracle: deployment.oracle,
        prices: deployment.prices,
        srs: deployment.srs,
      },
      onChain: (await this.service.onChain().catch(() => undefined)) ?? null,
      epochs: (await this.repository.epochs(limit)).map(epochSummary),
      transactions: (await this.repository.transactions(limit)).map(transactionSummary),
    };
  }
}

function epochSummary({ epochId, status, number, reason, epoch }: SettlementEpochEntity): object {
  const { forecastId, barEnd, chained, entropicValueAtRisk, riskMeasure, bars } = epoch as EpochPayload;
  return {
    epochId,
    status,
    number,
    reason,
    forecastId,
    barEnd: new Date(barEnd).toISOString(),
    chained,
    entropicValueAtRisk,
    riskMeasure,
    proofs: bars.map(({ jobId }) => `/v1/proofs/${jobId}`),
    markets: bars.map(({ markets }) => markets),
  };
}

function transactionSummary({
  transactionId,
  kind,
  epochId,
  planId,
  status,
  hash,
  blockNumber,
  gasUsed,
  reason,
  attempts,
}: ChainTransactionEntity): object {
  return {
    transactionId,
    kind,
    epochId,
    planId,
    status,
    hash,
    blockNumber: blockNumber === null ? null : Number(blockNumber),
    gasUsed: gasUsed === null ? null : Number(gasUsed),
    reason,
    attempts: attempts.length,
  };
}
