import { runService } from '#lib/host';
import { historian } from './service.js';

await runService(historian);
