import { Controller, Inject, Logger } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ZkriskError } from '#lib/errors';
import { Answer, type Request } from '#lib/events';
import { type QuotePayload, type QuoteRequestPayload, TOPICS } from '#lib/messages';
import { QuoteDesk } from './quote-desk.js';

/** The matching engine's pre-trade checks: quotes asked for over a topic. */
@Controller()
export class QuotesResponder {
  private readonly logger = new Logger(QuotesResponder.name);

  constructor(@Inject(QuoteDesk) private readonly desk: QuoteDesk) {}

  @Answer({ requests: TOPICS.quoteRequests, replies: TOPICS.quotes, group: 'quotes' })
  answer(@Payload() requests: Request<QuoteRequestPayload>[]): string[] {
    const now = Date.now();
    return requests.map((request) => this.answerTo(request, now));
  }

  private answerTo({ message, problem }: Request<QuoteRequestPayload>, now: number): string {
    if (message === undefined)
      return reply({ status: 'refused', code: 'invalid-input', detail: problem ?? '' });
    const { account, legs, deadline } = message.payload;
    if (now > deadline) return reply({ status: 'expired', lateMs: now - deadline });
    try {
      return `{"status":"quoted","quote":${this.desk.quote({ account, legs }, null)}}`;
    } catch (error) {
      if (error instanceof ZkriskError)
        return reply({ status: 'refused', code: error.code, detail: error.message });
      this.logger.error(error);
      return reply({ status: 'refused', code: 'internal-error', detail: 'the request failed on our side' });
    }
  }
}

function reply(payload: QuotePayload): string {
  return JSON.stringify(payload);
}
