import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshGatewayRoute } from './index.js';

runPolicyCases(meshGatewayRoute, import.meta.dirname);
