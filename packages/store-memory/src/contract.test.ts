import { describeResourceStore } from '@mesh/testing';
import { MemoryResourceStore } from './index.js';

describeResourceStore('MemoryResourceStore', { open: async () => new MemoryResourceStore() });
