import { answerRequests } from '#lib/runtime';
import type { BatchPart, BatchPartDone } from './batch.js';
import { simulate } from './simulation.js';

answerRequests<BatchPart, BatchPartDone>(({ simulation, reserves }) => {
  const { fees, arbitrages } = simulate(simulation, reserves);
  return { fees, arbitrages };
});
