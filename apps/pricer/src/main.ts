import { runService } from '#lib/host';
import { pricer } from './service.js';

await runService(pricer);
