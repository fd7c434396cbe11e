import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshMetric } from './index.js';

runPolicyCases(meshMetric, import.meta.dirname);
