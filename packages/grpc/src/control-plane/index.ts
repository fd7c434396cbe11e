export { GrpcControlPlane, type GrpcControlPlaneOptions } from './client.js';
export { type InternalTls, internalCredentials } from './credentials.js';
export { type ServeControlPlaneOptions, serveControlPlane } from './serve.js';
