import { fromBinary } from '@bufbuild/protobuf';
import { DeltaDiscoveryResponseSchema, DiscoveryResponseSchema } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeDeltaResponse, encodeSotwResponse } from './encode.js';

const resource = fc.record({
  name: fc.string({ unit: 'grapheme' }),
  version: fc.string(),
  body: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 16_380, maxLength: 16_390 })),
});
const action = fc.record({
  type: fc.constant('send' as const),
  typeUrl: fc.string(),
  version: fc.string({ unit: 'grapheme' }),
  nonce: fc.string(),
  resources: fc.array(resource, { maxLength: 5 }),
  removed: fc.array(fc.string(), { maxLength: 5 }),
});

describe('encoding around encoded bodies', () => {
  it('gives a SotW response that any decoder reads back', () => {
    fc.assert(
      fc.property(action, fc.string(), (send, id) => {
        const message = fromBinary(DiscoveryResponseSchema, encodeSotwResponse(send, id));
        expect(message).toMatchObject({
          versionInfo: send.version,
          typeUrl: send.typeUrl,
          nonce: send.nonce,
          controlPlane: { identifier: id },
        });
        expect(message.resources.map((any) => ({ typeUrl: any.typeUrl, value: [...any.value] }))).toEqual(
          send.resources.map(({ body }) => ({ typeUrl: send.typeUrl, value: [...body] })),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('gives a delta response that any decoder reads back', () => {
    fc.assert(
      fc.property(action, fc.string(), (send, id) => {
        const message = fromBinary(DeltaDiscoveryResponseSchema, encodeDeltaResponse(send, id));
        expect(message).toMatchObject({
          systemVersionInfo: send.version,
          typeUrl: send.typeUrl,
          nonce: send.nonce,
          removedResources: send.removed,
          controlPlane: { identifier: id },
        });
        expect(message.resources.map((r) => ({ name: r.name, version: r.version, value: [...(r.resource?.value ?? [])] }))).toEqual(
          send.resources.map(({ name, version, body }) => ({ name, version, value: [...body] })),
        );
      }),
      { numRuns: 100 },
    );
  });
});
