import { create, fromBinary, isFieldSet } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

/** Where each package of the contract is defined, as an import statement names it. */
const FILE_OF_PACKAGE: Readonly<Record<string, string>> = {
  "scorestream.v1": "scorestream/v1/scorestream.proto",
  "google.protobuf": "google/protobuf/duration.proto",
};

/**
 * The file descriptors that @grpc/proto-loader makes of a parsed .proto file, completed.
 *
 * It leaves out the list of dependencies, the JSON names and the mark of `optional`, and writes type names relative
 * (grpc-node issues 2595, 2958, 3034), so that a strict reader, such as grpcurl over reflection, can't resolve
 * google.protobuf.Duration.
 *
 * @param encoded one serialised FileDescriptorProto for each package
 * @throws Error when a field names a type that no file defines
 */
export function completeDescriptors(encoded: readonly Uint8Array[]): FileDescriptorSet {
  const file = encoded.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  const homes = new Map<string, FileDescriptorProto>();
  for (const each of file) {
    each.name = FILE_OF_PACKAGE[each.package] ?? each.name;
    for (const message of each.messageType) indexMessage(homes, each, each.package, message);
    for (const type of each.enumType) homes.set(`${each.package}.${type.name}`, each);
  }
  for (const each of file) {
    for (const message of each.messageType) completeMessage(homes, each, each.package, message);
  }
  return create(FileDescriptorSetSchema, { file: inOrder(file) });
}

/** Each file after those that it imports, which is how readers of a FileDescriptorSet want them. */
function inOrder(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto): void => {
    for (const each of files) if (file.dependency.includes(each.name)) add(each);
    ordered.add(file);
  };
  for (const file of files) add(file);
  return [...ordered];
}

function indexMessage(
  homes: Map<string, FileDescriptorProto>,
  file: FileDescriptorProto,
  scope: string,
  message: DescriptorProto,
): void {
  const name = `${scope}.${message.name}`;
  homes.set(name, file);
  for (const type of message.enumType) homes.set(`${name}.${type.name}`, file);
  for (const nested of message.nestedType) indexMessage(homes, file, name, nested);
}

function completeMessage(
  homes: ReadonlyMap<string, FileDescriptorProto>,
  file: FileDescriptorProto,
  scope: string,
  message: DescriptorProto,
): void {
  const name = `${scope}.${message.name}`;
  for (const field of message.field) {
    field.jsonName = field.name.replaceAll(/_([a-z\d])/g, (_, letter: string) =>
      letter.toUpperCase(),
    );
    if (field.typeName !== "") {
      const type = resolve(homes, name, field.typeName);
      field.typeName = `.${type.name}`;
      if (type.home !== file && !file.dependency.includes(type.home.name)) {
        file.dependency.push(type.home.name);
      }
    }
    // `optional` is a oneof of one field, whose name starts with "_".
    const oneof = message.oneofDecl[field.oneofIndex];
    if (
      isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex) &&
      oneof?.name.startsWith("_")
    )
      field.proto3Optional = true;
  }
  for (const nested of message.nestedType) completeMessage(homes, file, name, nested);
}

/** A type's full name and its file, found from the innermost scope outwards, as protobuf's rules have it. */
function resolve(
  homes: ReadonlyMap<string, FileDescriptorProto>,
  from: string,
  typeName: string,
): { name: string; home: FileDescriptorProto } {
  if (typeName.startsWith(".")) return found(homes, typeName.slice(1), typeName);
  for (let scope = from; scope !== ""; scope = scope.replace(/\.?[^.]*$/, "")) {
    const home = homes.get(`${scope}.${typeName}`);
    if (home !== undefined) return { name: `${scope}.${typeName}`, home };
  }
  return found(homes, typeName, `${typeName} (in ${from})`);
}

function found(
  homes: ReadonlyMap<string, FileDescriptorProto>,
  name: string,
  shown: string,
): { name: string; home: FileDescriptorProto } {
  const home = homes.get(name);
  if (home === undefined) throw new Error(`no file of the contract defines ${shown}`);
  return { name, home };
}
