export { MemoryResourceStore, type MemoryStoreOptions } from './memory-resource-store.js';
