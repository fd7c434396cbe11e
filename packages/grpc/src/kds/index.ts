export type { ProxyAdmin } from './admin-clerk.js';
export * from './client.js';
export * from './peer.js';
export * from './server.js';
export type { StoreIdentity, SyncSession, SyncStream } from './session.js';
