import { runPolicyCases } from '../../test/run-policy-cases.js';
import { trafficLog } from './index.js';

runPolicyCases(trafficLog, import.meta.dirname);
