import { create } from '@bufbuild/protobuf';
import {
  type HeaderValueOption,
  HeaderValueOption_HeaderAppendAction,
  HeaderValueOptionSchema,
} from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import type { HeaderChangesSpec } from './fields.js';

/** Headers to add beside what is there, then those that replace it. */
export function headerOptions({ set = [], add = [] }: HeaderChangesSpec): HeaderValueOption[] {
  const { APPEND_IF_EXISTS_OR_ADD, OVERWRITE_IF_EXISTS_OR_ADD } = HeaderValueOption_HeaderAppendAction;
  const option = ({ name, value }: { name: string; value: string }, appendAction: HeaderValueOption_HeaderAppendAction) =>
    create(HeaderValueOptionSchema, { header: { key: name, value }, appendAction });
  return [
    ...add.map((header) => option(header, APPEND_IF_EXISTS_OR_ADD)),
    ...set.map((header) => option(header, OVERWRITE_IF_EXISTS_OR_ADD)),
  ];
}
