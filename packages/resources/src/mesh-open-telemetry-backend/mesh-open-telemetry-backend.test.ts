import { describe, expect, it } from 'vitest';
import { readDocument, violationsIn } from '../../test/read-document.js';

const documentOf = (spec: object) => ({ type: 'MeshOpenTelemetryBackend', mesh: 'default', name: 'otel', spec });
const violationsOf = (endpoint: object, protocol?: string) => violationsIn(documentOf({ endpoint, ...(protocol ? { protocol } : {}) }));

describe('a MeshOpenTelemetryBackend', () => {
  it('has a host, a port, and a path with http only', () => {
    expect(violationsOf({ address: '', port: 0, path: '/v1' })).toEqual([
      'spec.endpoint.address: must not be empty',
      'spec.endpoint.port: port must be a valid (1-65535)',
      'spec.endpoint.path: must not be set when protocol is grpc',
    ]);
    expect(violationsOf({ address: 'https://a', path: 'v1' }, 'http')).toEqual([
      'spec.endpoint.address: address has to be a valid IP or hostname',
      'spec.endpoint.path: must start with /',
    ]);
    expect(violationsOf({ path: '/v1?a' }, 'http')).toEqual(['spec.endpoint.path: must not contain query or fragment']);
    expect(violationsOf({ address: '::1', port: 4318, path: '/v1' }, 'http')).toEqual([]);
  });

  it('prefers what the environment says, where it is asked at all', () => {
    expect(readDocument(documentOf({ env: {} })).draft.spec).toEqual({ env: { mode: 'Optional', precedence: 'EnvFirst' } });
    expect(readDocument(documentOf({})).draft.spec).toEqual({});
  });
});
