import { href } from '../../router.js';
import { Panel } from '../../parts/panel.js';
import { Ticket } from '../account/ticket.js';

export function MarketDetail({ market }: { market: string }) {
  return (
    <Panel title={`Trade ${market}`} wide={6} aside={<a href={href('markets')}>Close</a>}>
      <Ticket market={market} />
    </Panel>
  );
}
