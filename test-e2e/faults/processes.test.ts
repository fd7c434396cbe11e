import { processFaults } from '@mesh/fault-kit';
import { faultSuite } from './suite.js';

faultSuite('a process dies or hangs', { addressBlock: 201, faults: processFaults });
