import { negated } from '#lib/amounts';
import type { BookEvent } from '#lib/exchange';
import type { Row } from './historian.repository.js';

export const BOOK_TABLES = ['history_funding', 'history_premia', 'history_charges', 'history_flows'] as const;

/** Rows of book events, by table: sums of a bucket are the events' amounts. */
export type BookRows = Readonly<Record<(typeof BOOK_TABLES)[number], Row[]>>;

const NO_CHARGE = { risk: '0', liquidity: '0', penalties: '0', fees: '0', credit: '0' };
const NO_FLOW = {
  ...{ provided: '0', withdrawn: '0', exit_fees: '0' },
  ...{ deposited: '0', paid_out: '0', credit: '0', bad_debt: '0' },
};

/** The rows that history writes for events of the book: funding by market, premia, charges by account, and money that comes and goes. */
export function bookRows(events: readonly BookEvent[]): BookRows {
  const rows: BookRows = { history_funding: [], history_premia: [], history_charges: [], history_flows: [] };
  for (const event of events) take(rows, event);
  return rows;
}

function take(rows: BookRows, event: BookEvent): void {
  const { at } = event;
  const charge = (account: string, charges: Partial<typeof NO_CHARGE>) =>
    rows.history_charges.push({ at, account, ...NO_CHARGE, ...charges });
  const flow = (flows: Partial<typeof NO_FLOW>) => rows.history_flows.push({ at, ...NO_FLOW, ...flows });
  switch (event.kind) {
    case 'funding-accrued':
      for (const [market, risk, liquidity, index] of event.markets)
        rows.history_funding.push({ at, market, risk, liquidity, index });
      return;
    case 'trade-booked': {
      const { account, riskPremium: risk, liquidityPremium: liquidity, penalty: penalties = '0' } = event;
      rows.history_premia.push({ at, risk, liquidity, penalties, trades: 1 });
      charge(account, { risk, liquidity, penalties });
      return;
    }
    case 'trade-busted': {
      const [risk, liquidity, penalties] = [event.riskPremium, event.liquidityPremium, event.penalty].map(
        negated,
      );
      rows.history_premia.push({ at, risk, liquidity, penalties, trades: -1 });
      charge(event.account, { risk, liquidity, penalties });
      return;
    }
    case 'match-booked':
      event.accounts.forEach(({ account, fee: fees, riskPremium: risk, liquidityPremium: liquidity }, i) => {
        rows.history_premia.push({ at, risk, liquidity, penalties: '0', trades: i === 0 ? 1 : 0 });
        charge(account, { risk, liquidity, fees });
      });
      return;
    case 'credit-charged':
      charge(event.account, { credit: event.charged });
      flow({ credit: event.charged });
      return;
    case 'account-deposited':
      flow({ deposited: event.amount });
      return;
    case 'account-withdrawn':
      flow({ paid_out: event.amount });
      return;
    case 'bankruptcy-settled':
      flow({ bad_debt: event.loss });
      return;
    case 'liquidity-deposited':
      flow({ provided: event.amount });
      return;
    case 'liquidity-withdrawn':
      flow({ withdrawn: event.paid, exit_fees: event.fee });
      return;
    case 'liquidity-valued':
      if (event.amount.startsWith('-')) flow({ withdrawn: negated(event.amount) });
      else flow({ provided: event.amount });
      return;
    default:
  }
}
