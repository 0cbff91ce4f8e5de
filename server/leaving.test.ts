import anyTest, { type TestFn } from "ava";
import { JobOptions, type SampleRequest } from "../proto/gen/scorestream/v1/scorestream.ts";
import type { RunningServer } from "./start.ts";
import { sampleRequest } from "./testing/clients.ts";
import { connectGrpc, once, readAll, trailer } from "./testing/grpc-client.ts";
import { startService } from "./testing/start-service.ts";
import { WsClient } from "./testing/ws-client.ts";

const test = anyTest.serial as TestFn<RunningServer>;

test.before(async (t) => {
  t.context = await startService({ threads: 1 });
});

test.after.always((t) => t.context.close());

/** Runs for longer than a test. */
function endless(options: Partial<JobOptions>): SampleRequest {
  return { ...sampleRequest(10_000), options: JobOptions.fromPartial(options) };
}

/** One who follows a job. */
interface Follower {
  readonly jobId: string;
  /** Goes, in the way of its front end. */
  leave(forGood?: boolean): Promise<void>;
}

type Asked = { readonly sample: SampleRequest } | { readonly watch: string };

/** Resolves with the first event. */
type Follow = (asked: Asked) => Promise<Follower>;

/** Followers of each front end, those of the WebSocket all on one socket; ended with `close`. */
async function connect({ grpcPort, httpPort }: RunningServer) {
  const grpc = connectGrpc(grpcPort);
  const socket = await WsClient.connect(httpPort);
  let ids = 0;
  const byCall: Follow = async (asked) => {
    const stream =
      "sample" in asked
        ? grpc.sample(asked.sample)
        : grpc.watch({ jobId: asked.watch, afterSequence: 0n, partBytes: 0 });
    const ended = readAll(stream);
    const jobId = await new Promise<string>((resolve) => {
      stream.once("data", (event: { jobId: string }) => resolve(event.jobId));
    });
    const leave = async (): Promise<void> => {
      stream.cancel();
      await ended;
    };
    return { jobId, leave };
  };
  const bySocket: Follow = async (asked) => {
    const id = `${ids++}`;
    const request =
      "sample" in asked
        ? ({ $case: "sample", value: asked.sample } as const)
        : ({
            $case: "watch",
            value: { jobId: asked.watch, afterSequence: 0n, partBytes: 0 },
          } as const);
    socket.sendBinary({ id, request });
    const { response } = (await socket.nextOf(id)).frame;
    const leave = async (forGood = false): Promise<void> => {
      socket.sendBinary({ id, request: { $case: "leave", value: { forGood } } });
      while ((await socket.nextOf(id)).frame.response?.$case !== "left");
    };
    return { jobId: response?.$case === "event" ? response.value.jobId : "", leave };
  };
  return {
    fronts: [
      { name: "gRPC", follow: byCall },
      { name: "WebSocket", follow: bySocket },
    ],
    byCall,
    bySocket,
    /** The code that a job ends with; to be asked when it must have ended. */
    endOf: async (jobId: string): Promise<string> => {
      const { status } = await readAll(grpc.watch({ jobId, afterSequence: 0n, partBytes: 0 }));
      return trailer(status, "scorestream-code");
    },
    /** Ends a job. @returns whether it ran */
    cancel: async (jobId: string): Promise<boolean> => {
      return (
        await once<{ cancelled: boolean }>((answer) => grpc.cancel({ jobId, rows: [] }, answer))
      ).cancelled;
    },
    close: () => {
      grpc.close();
      socket.socket.terminate();
    },
  };
}

test("leaving ends a job on every front end, but a detached one and a watched one go on", async (t) => {
  const { fronts, endOf, cancel, close } = await connect(t.context);
  for (const { name, follow } of fronts) {
    const job = await follow({ sample: endless({}) });
    await job.leave();
    t.is(await endOf(job.jobId), "cancelled", name);
    const detached = await follow({ sample: endless({ detached: true }) });
    await detached.leave();
    const watch = await follow({ watch: detached.jobId });
    await watch.leave();
    t.true(await cancel(detached.jobId), name);
  }
  close();
});

test("callers who share a job by its key, on different front ends, end it when the last has left", async (t) => {
  const { fronts, endOf, cancel, close } = await connect(t.context);
  for (const [i, first] of fronts.entries()) {
    for (const [j, last] of fronts.entries()) {
      const sample = endless({ idempotencyKey: `${i} ${j}` });
      const one = await first.follow({ sample });
      const other = await last.follow({ sample });
      t.is(one.jobId, other.jobId);
      await one.leave();
      const third = await last.follow({ sample });
      t.is(third.jobId, one.jobId, `${first.name} left, ${last.name} is there`);
      await other.leave();
      await third.leave();
      t.is(await endOf(one.jobId), "cancelled", `${first.name}, ${last.name}`);
      t.false(await cancel(one.jobId));
    }
  }
  close();
});

test("a detached job is left for good by the last who follows it, on whichever front end the others do", async (t) => {
  const { fronts, bySocket, endOf, cancel, close } = await connect(t.context);
  for (const { name, follow } of fronts) {
    const sample = endless({ idempotencyKey: name, detached: true });
    const mine = await bySocket({ sample });
    const other = await follow({ sample });
    const watcher = await follow({ watch: mine.jobId });
    await mine.leave(true);
    await other.leave();
    const again = await bySocket({ watch: mine.jobId });
    await again.leave(true);
    t.is((await follow({ sample })).jobId, mine.jobId, `${name}: it is watched, and goes on`);
    await watcher.leave();
    t.true(await cancel(mine.jobId));

    const alone = await bySocket({ sample: endless({ detached: true }) });
    await alone.leave(true);
    t.is(await endOf(alone.jobId), "cancelled");
  }
  close();
});
