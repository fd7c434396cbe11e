export { openTestStore, type TestStoreOptions, testStoreEnv } from './test-store.js';
