import type { ConsumeContext } from '#lib/events';
import { type BookEvent, type RiskRules, rulesInForce } from '#lib/exchange';
import { outgoing, type ParametersPayload, TOPICS } from '#lib/messages';
import type { PricerRepository } from './pricer.repository.js';

/** Stores and publishes every version of the parameters, the first one with the first batch. */
export class ParameterVersions {
  /** version 1 is in the tables */
  private founded = false;

  constructor(
    private readonly repository: PricerRepository,
    private readonly first: RiskRules,
  ) {}

  /**
   * The version to go on with.
   *
   * @param stored version in the tables
   * @throws {InvalidInputError} where the settings have another model than the book
   */
  inForce(stored: ParametersPayload | undefined): RiskRules {
    this.founded = stored !== undefined;
    return rulesInForce(stored, this.first);
  }

  /**
   * Publishes the versions that a batch puts in force.
   *
   * @param now market time, milliseconds
   */
  async publish(context: ConsumeContext, events: readonly BookEvent[], now: number): Promise<void> {
    if (!this.founded) {
      const { version, digest, parameters } = this.first;
      const record = { version, digest, parameters, by: 'operator', reason: 'FIRST_PARAMETERS', at: now };
      await this.publishVersion(context, record);
      this.founded = true;
    }
    for (const event of events) {
      if (event.kind !== 'parameters-set') continue;
      const { version, parametersDigest: digest, parameters, by, reason, at } = event;
      await this.publishVersion(context, { version, digest, parameters, by, reason, at });
    }
  }

  private async publishVersion(context: ConsumeContext, payload: ParametersPayload): Promise<void> {
    await this.repository.saveParameters(context.manager, payload);
    const { version, at } = payload;
    const header = { id: `parameters@${version}`, sequence: version, time: at };
    context.publish(outgoing(TOPICS.parameters, String(version), header, payload));
  }
}
