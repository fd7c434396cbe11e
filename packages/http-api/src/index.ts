export { ADMIN, ANONYMOUS, type Identity } from './access/identity.js';
export { describeApi } from './api-routes.js';
export type { OpenApiDocument } from './openapi/document.js';
export type {
  AccessList,
  ApiConfig,
  ApiMetrics,
  ApiSection,
  ApiServerOptions,
  ApiTls,
  Authenticator,
  ListenerConfig,
  ObservedRequest,
  StaticAccess,
} from './options.js';
export { type ApiAddresses, type ApiServer, createApiServer } from './server.js';
