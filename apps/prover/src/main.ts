import { runService } from '#lib/host';
import { prover } from './service.js';

await runService(prover);
