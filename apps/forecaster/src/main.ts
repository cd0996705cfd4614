import { runService } from '#lib/host';
import { forecaster } from './service.js';

await runService(forecaster);
