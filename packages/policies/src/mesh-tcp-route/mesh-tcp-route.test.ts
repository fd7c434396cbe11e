import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshTcpRoute } from './index.js';

runPolicyCases(meshTcpRoute, import.meta.dirname);
