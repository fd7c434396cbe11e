import { runPolicyCases } from '../../test/run-policy-cases.js';
import { trafficTrace } from './index.js';

runPolicyCases(trafficTrace, import.meta.dirname);
