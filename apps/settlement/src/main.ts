import { runService } from '#lib/host';
import { settlement } from './service.js';

await runService(settlement);
