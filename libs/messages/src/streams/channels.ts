/** A channel's subject, where it has one. */
export type Subject = 'market' | 'account';

export interface ChannelDefinition {
  readonly description: string;
  /** subject that a subscription may name; `required` where it must */
  readonly subject?: { readonly kind: Subject; readonly required: boolean };
  /** scope a key needs where keys are asked for; undefined: anyone may subscribe */
  readonly scope?: 'quote' | 'trade' | 'liquidator';
}

const BY_MARKET = { kind: 'market', required: false } as const;

/** Channels of `/v1/ws`. Each channel is one document that a client mirrors. */
export const CHANNELS = {
  marks: {
    description: 'marks, their age and sources, and what may be done at them',
    subject: BY_MARKET,
    scope: 'quote',
  },
  risk: {
    description: 'the risk measure of the standing book and its Euler allocation',
    subject: BY_MARKET,
    scope: 'quote',
  },
  funding: { description: 'funding of every market now', subject: BY_MARKET, scope: 'quote' },
  book: {
    description: 'sizes, P, C, L, what is pending, solvency',
    subject: BY_MARKET,
    scope: 'quote',
  },
  account: {
    description: 'equity, margins and positions of an account',
    subject: { kind: 'account', required: true },
    scope: 'trade',
  },
  liquidations: {
    description: 'open plans with their certificates, and the last that were closed',
    scope: 'liquidator',
  },
  proofs: { description: 'the last proofs and epochs, and how many wait' },
  status: { description: 'how the exchange is, for anyone' },
} as const satisfies Record<string, ChannelDefinition>;

export type ChannelName = keyof typeof CHANNELS;
export const CHANNEL_NAMES = Object.keys(CHANNELS) as [ChannelName, ...ChannelName[]];
