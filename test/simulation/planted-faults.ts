import type { BookEvent } from '#lib/exchange';
import { ExchangeNode } from './exchange-node.js';
import { ForecasterNode } from './forecaster-node.js';

// Nodes with a fault each, that the simulator has to find.

/** Decides a command again that comes again. */
export class Repeating extends ExchangeNode {
  protected override once(_topic: string, _owner: string, _id: string, decide: () => BookEvent[]) {
    return decide();
  }
}

/** Writes events to the journal before the batch is committed. */
export class Hasty extends ExchangeNode {
  protected override async handle(...batch: Parameters<ExchangeNode['handle']>) {
    const publications = await super.handle(...batch);
    this.commit();
    return publications;
  }
}

/** Comes back without marks, funding and epoch. */
export class Forgetful extends ExchangeNode {
  protected override start(_durable: Parameters<ExchangeNode['start']>[0]): void {
    super.start(undefined);
  }
}

/** Comes back without its last bar. */
export class Lossy extends ForecasterNode {
  protected override durable() {
    const state = super.durable();
    return { ...state, bars: state.bars.slice(0, -1) };
  }
}

/** Hands out its committed bars by reference, and adds to them with the next batch. */
export class Sharing extends ForecasterNode {
  protected override durable() {
    const own = () => super.durable();
    return {
      ...own(),
      get bars() {
        return own().bars;
      },
    };
  }
}
