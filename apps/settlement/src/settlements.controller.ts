import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { EpochPayload } from '#lib/messages';
import { Documented, Public, ZodPipe } from '#lib/service';
import type { ChainTransactionEntity, SettlementEpochEntity } from '#lib/storage';
import { SettlementRepository } from './settlement.repository.js';
import { SettlementService } from './settlement.service.js';

const listQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) });

@ApiTags('settlements')
@Controller('v1/settlements')
export class SettlementsController {
  constructor(
    @Inject(SettlementService) private readonly service: SettlementService,
    @Inject(SettlementRepository) private readonly repository: SettlementRepository,
  ) {}

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
  const { forecastId, barEnd, chained, entropicValueAtRisk, riskMeasure, clusters, pricing } =
    epoch as EpochPayload;
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
    proofs: [...clusters, pricing].map(({ jobId }) => `/v1/proofs/${jobId}`),
  };
}

function transactionSummary({
  transactionId,
  kind,
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
    status,
    hash,
    blockNumber: blockNumber === null ? null : Number(blockNumber),
    gasUsed: gasUsed === null ? null : Number(gasUsed),
    reason,
    attempts: attempts.length,
  };
}
