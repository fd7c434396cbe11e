import { clearField } from '@bufbuild/protobuf';
import { EnumOptionsSchema, FieldOptionsSchema, MessageOptionsSchema } from '@bufbuild/protobuf/wkt';

/** Files that only define options (validation rules, annotations). */
const optionFiles = /^(validate\/|udpa\/annotations\/|xds\/annotations\/|envoy\/annotations\/|google\/api\/(annotations|http)\.proto$)/;

/**
 * The files of the Envoy API without options, which nothing here reads, and without the files
 * that define them: less to load. What changes the encoding stays.
 */
export function stripOptions(files) {
  const kept = files.filter((file) => !optionFiles.test(file.name));
  for (const file of kept) {
    file.options = undefined;
    file.dependency = file.dependency.filter((name) => !optionFiles.test(name));
    file.publicDependency = [];
    file.weakDependency = [];
    for (const message of file.messageType) stripMessage(message);
    for (const type of file.enumType) stripEnum(type);
    for (const service of file.service) {
      service.options = undefined;
      for (const method of service.method) method.options = undefined;
    }
  }
  return kept;
}

function stripMessage(message) {
  keepOnly(MessageOptionsSchema, message.options, ['map_entry']);
  for (const field of message.field) keepOnly(FieldOptionsSchema, field.options, ['packed', 'deprecated']);
  for (const oneof of message.oneofDecl) oneof.options = undefined;
  for (const nested of message.nestedType) stripMessage(nested);
  for (const type of message.enumType) stripEnum(type);
}

function stripEnum(type) {
  keepOnly(EnumOptionsSchema, type.options, ['allow_alias']);
  for (const value of type.value) value.options = undefined;
}

function keepOnly(schema, options, names) {
  if (!options) return;
  options.$unknown = undefined;
  for (const field of schema.fields) if (!names.includes(field.name)) clearField(options, field);
}
