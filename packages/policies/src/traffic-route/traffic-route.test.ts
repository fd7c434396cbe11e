import { runPolicyCases } from '../../test/run-policy-cases.js';
import { trafficRoute } from './index.js';

runPolicyCases(trafficRoute, import.meta.dirname);
