import { oracleReading } from '../../check/oracle-reading.js';
import type { Settlements } from '../../engine/answers.js';
import { href } from '../../router.js';
import { Age, Percent, Real, State } from '../../parts/figures.js';
import { statusTone } from './status-tone.js';

type Epoch = Settlements['epochs'][number];

/** Epochs as a chain: each with its statements, its gas, and how far the proven EVaR is from the said one, once the chain was read. */
export function Epochs({ settlements: { epochs, transactions } }: { settlements: Settlements }) {
  if (epochs.length === 0)
    return (
      <p class="quiet">
        No epoch has been begun: the first follows the first proof of a bar and the model’s delay.
      </p>
    );
  const gasOf = ({ epochId }: Epoch) => {
    const own = transactions.filter((each) => each.epochId === epochId && each.gasUsed !== null);
    return own.length === 0 ? undefined : own.reduce((sum, { gasUsed }) => sum + gasUsed!, 0);
  };
  return (
    <ol class="epochs" tabIndex={0} aria-label="Epochs, newest first">
      {epochs.map((epoch) => {
        const { epochId, status, number, barEnd, chained, entropicValueAtRisk, proofs, markets, reason } =
          epoch;
        const gas = gasOf(epoch);
        return (
          <li key={epochId} class={chained ? 'chained' : ''}>
            <div>
              <b>{number === null ? 'not numbered' : `№ ${number}`}</b>{' '}
              <State tone={statusTone(status)} {...(reason === null ? {} : { title: reason })}>
                {status}
              </State>{' '}
              <span class="note">bar</span> <Age of={barEnd} />
            </div>
            <div>
              EVaR <Real of={entropicValueAtRisk} decimals={2} />{' '}
              <Residual number={number} said={entropicValueAtRisk} />
              {gas !== undefined && (
                <span class="note">
                  {' '}
                  · <Real of={gas} decimals={0} unit="gas" />
                </span>
              )}
            </div>
            <div class="note">
              {chained ? 'Goes on from the epoch below' : 'Begins anew, with a model that was installed'} ·{' '}
              {proofs.map((link, i) => (
                <span key={link}>
                  {i === 0 ? '' : ', '}
                  <a href={href('proofs', decodeURIComponent(link.replace('/v1/proofs/', '')))}>
                    bar of {markets[i]?.length ?? 0} markets
                  </a>
                </span>
              ))}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

/** How far the EVaR that the chain has taken is above the one that the engine says: the proof's rounding, upwards. */
function Residual({ number, said }: { number: number | null; said: number }) {
  if (number === null) return <span class="note">not on the chain yet</span>;
  const reading = oracleReading.value;
  if (reading?.state !== 'read')
    return <span class="note">by the engine; read the chain to hold it against the proof</span>;
  const proven = reading.epochs.find((epoch) => epoch.number === number);
  if (proven === undefined) return <span class="note">not among the transactions that were read</span>;
  return (
    <span class="note">
      proven <Real of={proven.entropicValueAtRisk} decimals={2} />, residual{' '}
      <Percent of={said === 0 ? 0 : proven.entropicValueAtRisk / said - 1} decimals={4} signed />
    </span>
  );
}
