import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshHttpRoute } from './index.js';

runPolicyCases(meshHttpRoute, import.meta.dirname);
