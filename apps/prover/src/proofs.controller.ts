import { Controller, Get, Header, Inject, Param, Query, StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { loadArtifacts, STATEMENTS } from '#lib/proofs';
import { Documented, HeldAnswer, NeedsScope, Public, ZodPipe } from '#lib/service';
import { UnknownProofError } from './errors.js';
import { type ProofSummary, ProverRepository } from './prover.repository.js';

const proofId = z.string().regex(/^[\w.:@+-]{1,200}$/, 'must be the id of a proof');
const statementName = z.enum([...STATEMENTS.keys()] as [string, ...string[]]);
const artifactPart = z.enum(['circuit', 'settings', 'srs']);
const listQuery = z.strictObject({
  subject: z
    .enum(['forecast', 'risk', 'liquidation', 'other'])
    .optional()
    .describe('what the proof is about'),
  id: proofId.optional().describe('of the forecast, risk measure or plan'),
  status: z.enum(['queued', 'running', 'proven', 'failed', 'refused']).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

@ApiTags('proofs')
@Controller('v1/proofs')
export class ProofsController {
  /** counted once a second at most, however many ask */
  private readonly depth;

  constructor(@Inject(ProverRepository) private readonly repository: ProverRepository) {
    this.depth = new HeldAnswer(() => repository.depth(), 1000);
  }

  @Get()
  @Public()
  @Documented({
    summary: 'Proofs and those being made, the newest first, without their bytes',
    query: listQuery,
    response: z.looseObject({
      queue: z.looseObject({}),
      proofs: z.array(z.looseObject({ proofId: z.string() })),
    }),
    errors: [422],
  })
  async list(@Query(new ZodPipe(listQuery)) query: z.output<typeof listQuery>): Promise<object> {
    const { subject, id, status, limit } = query;
    const found = await this.repository.list(
      {
        ...(subject === undefined ? {} : { subjectKind: subject }),
        ...(id === undefined ? {} : { subjectId: id }),
        ...(status === undefined ? {} : { status }),
      },
      limit,
    );
    return { queue: await this.depth.get(), proofs: found.map(summary) };
  }

  @Get('artifacts/:statement/:part')
  @Public()
  @Header('content-type', 'application/octet-stream')
  @Documented({
    summary: 'What a statement is verified with: circuit, settings and SRS, whose digest proofs name',
    params: { statement: statementName, part: artifactPart },
    response: z.string(),
    contentType: 'application/octet-stream',
    errors: [404, 422],
  })
  artifact(
    @Param('statement', new ZodPipe(statementName)) statement: z.output<typeof statementName>,
    @Param('part', new ZodPipe(artifactPart)) part: z.output<typeof artifactPart>,
  ): StreamableFile {
    return new StreamableFile(loadArtifacts(statement)[part]);
  }

  @Get(':id')
  @Public()
  @Documented({
    summary: 'A proof: what `zkrisk verify` takes is its document',
    params: { id: proofId },
    response: z.looseObject({ proofId: z.string(), document: z.looseObject({}).nullable() }),
    errors: [404, 422],
  })
  async one(@Param('id', new ZodPipe(proofId)) id: string): Promise<object> {
    const job = await this.repository.find(id);
    if (job === null) throw new UnknownProofError(id);
    const { srs = null } = (job.document ?? {}) as { srs?: string };
    return { ...summary({ job, srs }), document: job.document };
  }

  @Get(':id/input')
  @NeedsScope('admin')
  @Documented({
    summary:
      'The private input of a proof’s statement: the operator answers challenges with a bar’s model and state',
    params: { id: proofId },
    response: z.looseObject({}),
    errors: [404, 422],
  })
  async input(@Param('id', new ZodPipe(proofId)) id: string): Promise<object> {
    const job = await this.repository.find(id);
    if (job === null) throw new UnknownProofError(id);
    return job.input;
  }
}

function summary({ job, srs }: ProofSummary): object {
  const {
    jobId,
    statement,
    subjectKind,
    subjectId,
    status,
    reason,
    seconds,
    attempts,
    createdAt,
    finishedAt,
  } = job;
  return {
    proofId: jobId,
    statement,
    subject: { kind: subjectKind, id: subjectId },
    status,
    reason,
    seconds,
    attempts,
    // On a development SRS anyone could have made any proof.
    srs,
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}
