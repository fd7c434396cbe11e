import { runPolicyCases } from '../../test/run-policy-cases.js';
import { virtualOutbound } from './index.js';

runPolicyCases(virtualOutbound, import.meta.dirname);
