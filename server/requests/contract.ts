import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  createFileRegistry,
  type DescEnum,
  type DescMessage,
  type FileRegistry,
} from "@bufbuild/protobuf";
import type { FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { loadSync } from "@grpc/proto-loader";
import { completeDescriptors } from "./descriptors.ts";

/** The contract as the .proto file has it, read once: what reflection serves and what requests are checked against. */
export const descriptors: FileDescriptorSet = loadContract();

const registry: FileRegistry = createFileRegistry(descriptors);

/** @throws Error when the contract has no such message: a mistake in this program */
export function messageType(name: string): DescMessage {
  const type = registry.getMessage(`scorestream.v1.${name}`);
  if (type === undefined) throw new Error(`the contract has no message ${name}`);
  return type;
}

/** @throws Error when the contract has no such enum: a mistake in this program */
export function enumType(name: string): DescEnum {
  const type = registry.getEnum(`scorestream.v1.${name}`);
  if (type === undefined) throw new Error(`the contract has no enum ${name}`);
  return type;
}

/**
 * The path of a field as errors name it: in the proto's snake_case, from the request down. The envelope of the
 * WebSocket adds nothing, so that both front ends name a field alike.
 */
export function fieldPath(type: DescMessage, path: string, name: string): string {
  if (type.typeName === "scorestream.v1.ClientFrame") return name === "id" ? "id" : "";
  return path === "" ? name : `${path}.${name}`;
}

function loadContract(): FileDescriptorSet {
  const root = packageRoot(import.meta.dirname);
  const definition = loadSync("scorestream/v1/scorestream.proto", {
    includeDirs: [join(root, "proto")],
    keepCase: true,
  });
  const type = definition["scorestream.v1.ClientFrame"];
  if (type === undefined || !Array.isArray(type.fileDescriptorProtos)) {
    throw new Error(`the contract under ${root} has no ClientFrame`);
  }
  return completeDescriptors(type.fileDescriptorProtos);
}

/** The folder of package.json: one up from the sources, two up from what is compiled. */
function packageRoot(from: string): string {
  if (existsSync(join(from, "package.json"))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error("no folder above this program holds its package.json");
  return packageRoot(parent);
}
