import { readdir } from "node:fs/promises";
import anyTest, { type TestFn } from "ava";
import {
  ACTIVE_ROWS,
  type CommandLine,
  ENDLESS,
  MAX_ROWS,
  named,
  pixels,
  QUICK,
  succeeded,
  withCommandLine,
} from "../testing/command-line.ts";
import { events } from "../testing/scorestream.ts";

const test = anyTest as TestFn<CommandLine>;

withCommandLine(test);

test.serial("--detach leaves a job that watch follows and cancel ends", async (t) => {
  const { run } = t.context;
  succeeded(t, await run(`sample --count 2 --seed 7 ${QUICK}`));
  const { stdout: id } = await run(`sample --count 2 --seed 7 ${QUICK} --detach`);
  const watched = await run(`watch ${id.trim()} --out w-{row}.png`);
  succeeded(t, watched);
  t.deepEqual(named(watched).sort(), ["w-0.png", "w-1.png"]);
  t.deepEqual(await pixels(t, "w-0.png"), await pixels(t, "sample-7-0.png"));
  t.is((await run(`cancel ${id.trim()}`)).stdout, "it had already ended\n");
  const { stdout: long } = await run(`sample ${ENDLESS} --detach`);
  t.deepEqual(JSON.parse((await run(`cancel ${long.trim()} --json`)).stdout), {
    job: long.trim(),
    cancelled: true,
  });
  const gone = await run(`watch ${long.trim()}`);
  t.is(gone.code, 1);
  t.regex(gone.stderr, /^scorestream watch: .*cancelled/);
  const unknown = await run("watch nobody --json");
  t.like(events(unknown.stdout).at(-1), { event: "error", code: "job-not-found", about: "job" });
});

test.serial("cancel --image ends images, and the job writes the others", async (t) => {
  const { run, folder } = t.context;
  // Behind this one it waits for as long as the test needs.
  const { stdout: first } = await run(`sample --count ${ACTIVE_ROWS} ${ENDLESS} --detach`);
  const { stdout } = await run(`sample --count 3 --seed 5 ${QUICK} --detach`);
  const id = stdout.trim();
  const wrong = await run(`cancel ${id} --image 3`);
  t.is(wrong.code, 2);
  t.regex(
    wrong.stderr,
    /^scorestream cancel: --image: seen 3, expected 0 to 2: the job has 3 images/,
  );
  t.regex(
    (await run(`cancel ${id} --image x`)).stderr,
    /--image: seen "x", expected a whole number/,
  );
  t.is(
    (await run(`cancel ${id} --image 2 --image 0`)).stdout,
    "image 2 cancelled\nimage 0 cancelled\n",
  );
  const again = await run(`cancel ${id} --image 0 --json`);
  t.deepEqual(JSON.parse(again.stdout), { job: id, cancelled: false, rows: [] });
  await run(`cancel ${first.trim()}`);
  const watched = await run(`watch ${id} --out part-{row}.png`);
  succeeded(t, watched);
  t.deepEqual(named(watched), ["part-1.png"]);
  t.regex(watched.stderr, /^seed 5, \d+ evaluations .*, cancelled: images 0, 2$/m);
  const told = events((await run(`watch ${id} --out json-{row}.png --json`)).stdout);
  t.deepEqual(
    told.flatMap(({ event, row }) => (event === "cancelled" ? [row] : [])),
    [0, 2],
  );
  t.deepEqual(told.at(-1)?.cancelledRows, [0, 2]);
  t.deepEqual(
    (await readdir(folder)).filter((name) => /^(part|json)-/.test(name)),
    ["json-1.png", "part-1.png"],
  );
  t.is((await run(`cancel ${id} --image 1`)).stdout, "image 1 had already ended\n");
});

test.serial(
  "Ctrl-C ends the job, over gRPC and the WebSocket, and the exit code is 130",
  async (t) => {
    const { run, server } = t.context;
    for (const address of [server.target, server.http.replace("http", "ws")]) {
      let job = "";
      const { code, stderr } = await run(`sample ${ENDLESS} --json --server ${address}`, {
        onStdout: (child, text) => {
          if (job !== "") return;
          job = String(events(text.slice(0, text.lastIndexOf("\n") + 1))[0]?.job ?? "");
          if (job !== "") child.kill("SIGINT");
        },
      });
      t.is(code, 130);
      t.is(stderr, "scorestream sample: interrupted: the job was cancelled\n");
      const watched = await run(`watch ${job} --json`);
      t.is(events(watched.stdout).at(-1)?.code, "cancelled");
    }
  },
);

test.serial("a job that waits says how many rows go first", async (t) => {
  const { run } = t.context;
  const { stdout: first } = await run(`sample --count ${ACTIVE_ROWS} ${ENDLESS} --detach`);
  let queued: Record<string, unknown> | undefined;
  const { code } = await run("sample --json", {
    onStdout: (child, text) => {
      if (queued !== undefined) return;
      const told = events(text.slice(0, text.lastIndexOf("\n") + 1));
      queued = told.find(({ event }) => event === "queued");
      if (queued !== undefined) child.kill("SIGINT");
    },
  });
  t.is(code, 130);
  t.is(typeof queued?.rowsAhead, "number");
  t.true((queued?.expectedWaitS as number) > 0);
  await run(`cancel ${first.trim()}`);
});

test.serial("a signal that ends watch leaves the job", async (t) => {
  const { run } = t.context;
  const { stdout } = await run(`sample ${ENDLESS} --detach`);
  const job = stdout.trim();
  let isTold = false;
  const { code, stderr } = await run(`watch ${job} --json`, {
    onStdout: (child) => {
      if (!isTold) child.kill("SIGTERM");
      isTold = true;
    },
  });
  t.is(code, 143);
  t.true(stderr.includes(`${job} goes on`), stderr);
  t.is((await run(`cancel ${job}`)).stdout, "cancelled\n");
});

test.serial("the WebSocket does as well, and a full server is exit code 4", async (t) => {
  const { run, server } = t.context;
  const socket = { SCORESTREAM_SERVER: server.http.replace("http", "ws") };
  const { stdout } = await run(`sample --count ${MAX_ROWS} ${ENDLESS} --detach`, { env: socket });
  const full = await run("sample --json", { env: socket });
  t.is(full.code, 4);
  const error = events(full.stdout).at(-1);
  t.like(error, { event: "error", exitCode: 4, code: "queue-full" });
  t.true((error?.retryAfterS as number) > 0);
  t.regex(full.stderr, /try again in \d+ s/);
  t.is((await run(`cancel ${stdout.trim()}`, { env: socket })).code, 0);
  succeeded(t, await run(`sample --seed 7 ${QUICK} --out socket.png`, { env: socket }));
  t.deepEqual(await pixels(t, "socket.png"), await pixels(t, "sample-7-0.png"));
});
