import { once as eventOf } from "node:events";
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import test from "ava";
import {
  SampleRequest,
  type ScoreStreamClient,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { silent, testConfig } from "../testing/config.ts";
import { once, readAll, trailer } from "../testing/grpc-client.ts";
import { accepted, completed, ScriptedService } from "../testing/scripted-service.ts";
import { serveGrpc } from "./harness.ts";
import { startGrpc } from "./start-grpc.ts";

const HEALTH = "/grpc.health.v1.Health";
const SERVING = [0x08, 1];
const NOT_SERVING = [0x08, 2];
const bytes = (value: Buffer): Buffer => value;
const named = (name: string): Buffer =>
  Buffer.from(new BinaryWriter().uint32(0x0a).string(name).finish());

function check(client: ScoreStreamClient, name: string): Promise<Buffer | undefined> {
  return once((answer) =>
    client.makeUnaryRequest(`${HEALTH}/Check`, bytes, bytes, named(name), answer),
  );
}

test("health is that of the service, for its name and for none", async (t) => {
  const { client } = await serveGrpc(t);
  for (const name of ["", "scorestream.v1.ScoreStream"]) {
    t.deepEqual([...((await check(client, name)) ?? [])], SERVING);
  }
  await t.throwsAsync(check(client, "other"), { code: status.NOT_FOUND });
});

test("who watches the health learns when the service stops being ready, and when it is again", async (t) => {
  const { client, service } = await serveGrpc(t);
  const watch = client.makeServerStreamRequest(`${HEALTH}/Watch`, bytes, bytes, named(""));
  watch.on("error", () => undefined);
  const next = async (): Promise<number[]> => [...(await eventOf(watch, "data"))[0]];
  t.deepEqual(await next(), SERVING);
  service.ready = false;
  t.deepEqual(await next(), NOT_SERVING);
  service.ready = true;
  t.deepEqual(await next(), SERVING);
  watch.cancel();
});

test("reflection serves the contract with all that it imports, as a strict reader wants it", async (t) => {
  const { client } = await serveGrpc(t);
  const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  const call = client.makeBidiStreamRequest(path, bytes, bytes);
  call.on("error", () => undefined); // the end of the test may end it
  // ServerReflectionRequest.file_containing_symbol = 4
  call.write(
    Buffer.from(new BinaryWriter().uint32(0x22).string("scorestream.v1.ScoreStream").finish()),
  );
  const [response] = await eventOf(call, "data");
  call.end();
  const file = reflectedFiles(response).map((each) => fromBinary(FileDescriptorProtoSchema, each));
  file.sort((a, b) => a.dependency.length - b.dependency.length);
  // Throws where a file, a message or an enum is missing.
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
  t.deepEqual(
    file.map(({ name }) => name),
    ["google/protobuf/duration.proto", "scorestream/v1/scorestream.proto"],
  );
  t.is(registry.getService("scorestream.v1.ScoreStream")?.methods.length, 8);
  const sampler = registry.getMessage("scorestream.v1.Sampler");
  t.deepEqual(
    sampler?.oneofs.map(({ name }) => name),
    ["method"],
  ); // `optional` is no oneof
});

/** ServerReflectionResponse.file_descriptor_response = 4 { repeated bytes file_descriptor_proto = 1 } */
function reflectedFiles(response: Buffer): Uint8Array[] {
  const reader = new BinaryReader(response);
  const files: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (number !== 4) {
      reader.skip(wire, number);
      continue;
    }
    const list = new BinaryReader(reader.bytes());
    while (list.pos < list.len) {
      list.tag();
      files.push(list.bytes());
    }
  }
  return files;
}

test("a port that is taken is an error of the start", async (t) => {
  const { server } = await serveGrpc(t);
  const again = startGrpc(new ScriptedService(), testConfig({ grpcPort: server.port }), silent);
  await t.throwsAsync(again, { message: new RegExp(String(server.port)) });
});

test("closing waits for a job that ends within the grace", async (t) => {
  const { client, server, service } = await serveGrpc(t);
  service.onSample = (job) => job.say(accepted());
  const stream = client.sample(SampleRequest.create());
  const ended = readAll(stream);
  await eventOf(stream, "data");
  const closed = server.close(60_000);
  service.jobs[0]?.say(completed());
  t.is((await ended).status.code, status.OK);
  await closed;
  t.is(service.jobs[0]?.leaves, 0);
});

test("closing ends and leaves a job that does not", async (t) => {
  const { client, server, service } = await serveGrpc(t);
  service.onSample = (job) => job.say(accepted());
  const stream = client.sample(SampleRequest.create());
  const ended = readAll(stream);
  await eventOf(stream, "data");
  await server.close(0);
  await service.jobs[0]?.left.promise;
  const end = (await ended).status;
  t.not(end.code, status.OK);
  t.is(trailer(end, "scorestream-code"), "");
});
