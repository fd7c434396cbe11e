import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshGateway } from './index.js';

runPolicyCases(meshGateway, import.meta.dirname);
