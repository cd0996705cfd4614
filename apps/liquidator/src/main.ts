import { runService } from '#lib/host';
import { liquidator } from './service.js';

await runService(liquidator);
