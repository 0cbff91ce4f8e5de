import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoPath } from "grpc-health-check";
import { descriptors } from "../requests/contract.ts";

/** Adds grpc.reflection.v1 and v1alpha to a server, so that grpcurl and its like need no .proto file. */
export function addReflection(server: Server): void {
  const fileDescriptorProtos = descriptors.file.map((file) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, file)),
  );
  // Reflection reads nothing of a definition but its files.
  const contract: PackageDefinition = {
    "scorestream.v1": {
      format: "Protocol Buffer 3 EnumDescriptorProto",
      type: {},
      fileDescriptorProtos,
    },
  };
  new ReflectionService({ ...loadSync(protoPath), ...contract }).addToServer(server);
}
