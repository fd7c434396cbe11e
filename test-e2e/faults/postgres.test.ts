import { postgresFaults } from '@mesh/fault-kit';
import { faultSuite } from './suite.js';

faultSuite('Postgres dies or suffers', { addressBlock: 202, faults: postgresFaults });
