import { processIo } from './io.js';
import { runKumactl } from './run.js';

process.exitCode = await runKumactl(process.argv.slice(2), processIo());
