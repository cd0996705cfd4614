import type { Markets } from '../../engine/answers.js';
import { useAnswer } from '../../engine/resource.js';
import { Gauge } from '../../parts/gauge.js';

interface Progress {
  readonly bars: number;
  readonly needed: number;
  readonly barSeconds: number;
}

/** There is no forecast yet: how many bars are still to come. */
export function WarmingUp() {
  const { data } = useAnswer<Progress>('v1/forecasts/latest/progress', 2000).value;
  const markets = useAnswer<Markets>('v1/markets', 1000).value.data;
  return (
    <div class="notice warn">
      <p>
        <strong>No forecast yet.</strong> Nothing can be priced before there is one.{' '}
        {data !== undefined && data.bars < data.needed && (
          <>
            {data.needed - data.bars} of {data.needed} bars to go, one every {data.barSeconds} seconds of the
            market.
          </>
        )}
        {data !== undefined && data.bars >= data.needed && (
          <>The bars are there; the first model is being fitted.</>
        )}
        {markets?.markets.length === 0 && <> No price has come so far.</>}
      </p>
      {data !== undefined && (
        <Gauge label="Bars towards the first forecast" part={data.bars} whole={data.needed} />
      )}
    </div>
  );
}
