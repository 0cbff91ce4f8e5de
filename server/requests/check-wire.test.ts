import { BinaryWriter } from "@bufbuild/protobuf/wire";
import test from "ava";
import fc from "fast-check";
import { SampleRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { checkWire } from "./check-wire.ts";
import { messageType } from "./contract.ts";

const type = messageType("SampleRequest");
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test("whatever the generated encoder writes is well-formed", (t) => {
  const request = fc.record({
    model: fc.string({ unit: "binary" }),
    count: uint32,
    seed: uint64,
    sampler: fc.record({ timeEps: fc.double(), denoise: fc.boolean() }),
    preview: fc.record({ everySteps: uint32, format: fc.constantFrom(0, 1, 2, 3, 4, 5) }),
  });
  const check = (): void =>
    fc.assert(
      fc.property(request, (value) => {
        const message = SampleRequest.fromPartial(value);
        checkWire(type, SampleRequest.encode(message).finish());
      }),
    );
  t.notThrows(check);
});

test("what it lets through, the generated decoder can read", (t) => {
  const check = (): void =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          checkWire(type, bytes);
        } catch (error) {
          return error instanceof ServerError;
        }
        SampleRequest.decode(bytes);
        return true;
      }),
      { numRuns: 5000 },
    );
  t.notThrows(check);
});

test("fields that the contract does not have are let through, a nest of groups too", (t) => {
  const bytes = new BinaryWriter().tag(1000, 0).uint32(7).tag(1001, 3).tag(1, 3).tag(1, 4);
  t.notThrows(() => checkWire(type, bytes.tag(1001, 4).finish()));
});

test("a message inside that ends past its parent is refused", (t) => {
  const bytes = Uint8Array.from([0x22, 2, 0x12, 9]); // sampler of 2 bytes, in it a method of 9
  const error = t.throws(() => checkWire(type, bytes), { instanceOf: ServerError });
  t.is(error?.code, "malformed-frame");
});
