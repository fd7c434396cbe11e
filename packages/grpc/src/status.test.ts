import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { MeshError } from '@mesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromStatus, toStatus, toStatusWithTrailer } from './status.js';

const asServiceError = (object: ReturnType<typeof toStatus>): ServiceError =>
  Object.assign(new Error(`${object.code} ${object.details}`), object) as ServiceError;

describe('MeshError as a gRPC status', () => {
  it('keeps code, public text, hint and violations between services', () => {
    const error = new MeshError('signing_key_not_found', {
      public: 'no key',
      hint: 'make one',
      violations: [{ field: 'kid', message: 'unknown' }],
      internal: 'secret',
    });
    const back = fromStatus(asServiceError(toStatusWithTrailer(error)));
    expect(back).toMatchObject({ code: 'signing_key_not_found', public: 'no key', hint: 'make one', violations: error.violations });
  });

  it('shows nothing of an error that is none of ours', () => {
    for (const convert of [toStatus, toStatusWithTrailer]) {
      const object = convert(new Error('password is 123'));
      expect(object).toMatchObject({ code: status.INTERNAL, details: 'internal error' });
      expect(object.metadata.toJSON()).toEqual({});
    }
  });

  it('is unavailable when there was no answer in time or no connection', () => {
    for (const code of [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED]) {
      const error = asServiceError({ code, details: 'x', metadata: new Metadata() });
      expect(fromStatus(error)).toMatchObject({ code: 'unavailable' });
    }
  });

  it('is read from any trailer without a throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
        ),
        (trailer) => {
          const metadata = new Metadata();
          metadata.set('mesh-error-bin', Buffer.from(trailer));
          expect(fromStatus(asServiceError({ code: status.NOT_FOUND, details: 'gone', metadata }))).toBeInstanceOf(MeshError);
        },
      ),
    );
  });
});
