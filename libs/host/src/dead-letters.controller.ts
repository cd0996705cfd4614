import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { deadLetters, EventLog, requeuePlaces } from '#lib/events';
import { ALL_TOPICS } from '#lib/messages';
import { Documented, NeedsScope, ZodPipe } from '#lib/service';

const place = z.string().regex(/^\d{1,18}$/, 'must be the place of a dead letter');
const topicName = z.enum(ALL_TOPICS.map(({ name }) => name) as [string, ...string[]]);
const listQuery = z.strictObject({
  from: place.default('0').describe('the first place'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
const letterList = z.object({
  letters: z.array(
    z.looseObject({
      place: z.string(),
      reason: z.string(),
      topic: z.string(),
      partition: z.number(),
      offset: z.string(),
      key: z.string(),
      value: z.string(),
    }),
  ),
});
const requeueRequest = z.strictObject({ places: z.array(place).min(1).max(100) });
const requeued = z.object({ requeued: z.array(z.string()) });

/** Messages that could not be handled, and their return once the problem is mended. Signed, as every admin call. */
@ApiTags('admin')
@Controller('v1/admin/dead-letters')
export class DeadLettersController {
  constructor(@Inject(EventLog) private readonly log: EventLog) {}

  @Get(':topic')
  @NeedsScope('admin')
  @Documented({
    summary: 'Dead letters of a topic with their reasons, the oldest first',
    params: { topic: topicName },
    query: listQuery,
    response: letterList,
    errors: [401, 403, 409, 422],
  })
  async list(
    @Param('topic', new ZodPipe(topicName)) topic: string,
    @Query(new ZodPipe(listQuery)) { from, limit }: z.output<typeof listQuery>,
  ): Promise<object> {
    return { letters: await deadLetters(this.log, topic, BigInt(from), limit) };
  }

  @Post(':topic/requeue')
  @HttpCode(200)
  @NeedsScope('admin', { changesState: true, secondHolder: true })
  @Documented({
    summary: 'Publish dead letters again, with their ids: what was handled after all is not handled twice',
    params: { topic: topicName },
    body: requeueRequest,
    response: requeued,
    errors: [401, 403, 409, 422],
  })
  async requeue(
    @Param('topic', new ZodPipe(topicName)) topic: string,
    @Body(new ZodPipe(requeueRequest)) { places }: z.output<typeof requeueRequest>,
  ): Promise<object> {
    return { requeued: await requeuePlaces(this.log, topic, places) };
  }
}
