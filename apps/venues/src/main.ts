import { runService } from '#lib/host';
import { venues } from './service.js';

await runService(venues);
