import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshAccessLog } from './index.js';

runPolicyCases(meshAccessLog, import.meta.dirname);
