import test from "ava";
import { type Deferred, deferred } from "../testing/deferred.ts";
import { Gate } from "./gate.ts";

test("so many tasks run at once, the others in order, whether they end well or not", async (t) => {
  const gate = new Gate(2);
  const started: number[] = [];
  const ends: Deferred<void>[] = [];
  const tasks = [0, 1, 2, 3].map((i) => {
    const end = deferred<void>();
    ends.push(end);
    return gate.run(async () => {
      started.push(i);
      await end.promise;
      if (i === 1) throw new Error("task 1");
      return i;
    });
  });
  const failed = t.throwsAsync(tasks[1]!, { message: "task 1" });
  t.deepEqual(started, [0, 1]);
  ends[1]?.resolve();
  await failed;
  t.deepEqual(started, [0, 1, 2]);
  ends[2]?.resolve();
  t.is(await tasks[2], 2);
  t.deepEqual(started, [0, 1, 2, 3]);
  ends[0]?.resolve();
  ends[3]?.resolve();
  t.deepEqual(await Promise.all([tasks[0], tasks[3]]), [0, 3]);
  t.is(await gate.run(async () => 4), 4, "the places are free again");
});
