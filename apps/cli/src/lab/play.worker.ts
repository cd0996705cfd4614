import { play, type PlayRequest } from '#lib/lab';
import { loadSolvers } from '#lib/liquidation';
import { answerRequests } from '#lib/runtime';

const solvers = await loadSolvers();

answerRequests((request: PlayRequest) => play(request, solvers));
