import { runService } from '#lib/host';
import { vault } from './service.js';

await runService(vault);
