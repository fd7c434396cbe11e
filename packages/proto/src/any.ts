import { create, type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { type Any, AnySchema } from '@bufbuild/protobuf/wkt';

/** The prefix of every type URL on xDS and KDS. */
export const typeUrlPrefix = 'type.googleapis.com/';

/** The type URL of a message type, as Envoy and Kuma write it. */
export function typeUrlOf(schema: DescMessage): string {
  return typeUrlPrefix + schema.typeName;
}

/** Encodes a message into an `Any` with its `type.googleapis.com/` type URL. */
export function packAny<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Any {
  return create(AnySchema, { typeUrl: typeUrlOf(schema), value: toBinary(schema, message) });
}
