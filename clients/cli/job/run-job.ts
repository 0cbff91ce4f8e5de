import type {
  Image,
  JobEvent,
  PreviewOptions,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { ImageFormat } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { Client } from "../../typescript/core/client.ts";
import { explained } from "../errors.ts";
import { Interrupted } from "../exit-codes.ts";
import type { FileFormat, Output } from "../files/output.ts";
import { type ResultFiles, resultFiles } from "../files/result-files.ts";
import type { JobFlags } from "../flags/job.ts";
import { type ServerFlags, withClient } from "../flags/server.ts";
import { detectGraphics, type Graphics, type Preview } from "../terminal/graphics.ts";
import { type Interrupt, interruptible } from "./interrupt.ts";
import { JsonReporter } from "./json-reporter.ts";
import type { Reporter } from "./reporter.ts";
import { Tally } from "./tally.ts";
import { TextReporter } from "./text-reporter.ts";

/** What every command that follows a job may be told. */
export interface FollowFlags extends ServerFlags, Pick<JobFlags, "detach" | "quiet" | "tenant"> {
  readonly preview?: Preview;
}

/** A job from the command line's side. */
export interface Task {
  /** What the results are, such as "pictures". */
  readonly what: string;
  /** Results that there will be; undefined: the server says it. */
  readonly count: number | undefined;
  /** A likelihood counts rows that are no results. */
  readonly rowsAreResults?: boolean;
  /** The file that each row is about, as it was named; for messages and results. */
  readonly inputs?: readonly string[];
  /** Where results go, by what they are; undefined: they are no files. */
  readonly outputFor?: (format: FileFormat | undefined) => Output;
  /** For names of files: of each row's input, and the seed. */
  readonly nameOf?: (row: number) => string;
  readonly seed?: bigint;
  /** The job is another's: leaving it, by a signal too, does not end it. */
  readonly isWatched?: boolean;
  begin(session: Session): AsyncIterable<JobEvent> | Promise<AsyncIterable<JobEvent>>;
}

/** What a task begins with. */
export interface Session {
  readonly client: Client;
  /** Ends the call, and so the job, at Ctrl-C. */
  readonly signal: AbortSignal;
  readonly tenant: string;
  /** Raw pictures for the terminal, at a pace that an eye can follow; none where none are shown. */
  readonly preview: Partial<PreviewOptions>;
}

/** Of one row. */
const PREVIEWS_A_SECOND = 5;

/**
 * Begins a job and follows it to its end: writes its results, tells what happens. `--detach` leaves as soon as the server
 * has taken it.
 *
 * @throws RequestFailed, Interrupted, and Error where a file can't be written
 */
export async function runJob(flags: FollowFlags, task: Task): Promise<void> {
  const { isWatched = false, inputs = [] } = task;
  await interruptible(async (interrupt) => {
    let job = "";
    try {
      await withClient(flags, (client) =>
        follow(flags, task, {
          client,
          interrupt,
          onJob: (id) => {
            job = id;
          },
        }),
      );
    } catch (error) {
      if (interrupt.exitCode === undefined) throw explained(error, flags.server, inputs);
      const fate = isWatched || flags.detach ? `${job} goes on` : "the job was cancelled";
      throw new Interrupted(
        `interrupted: ${job === "" ? "nothing was begun" : fate}`,
        interrupt.exitCode,
      );
    }
  });
}

interface Following {
  readonly client: Client;
  readonly interrupt: Interrupt;
  readonly onJob: (id: string) => void;
}

async function follow(
  flags: FollowFlags,
  task: Task,
  { client, interrupt, onJob }: Following,
): Promise<void> {
  const { json = false, detach = false, quiet = false, tenant = "" } = flags;
  const isShown = !json && !quiet && !detach;
  const graphics = await detectGraphics(isShown ? flags.preview : "none", {
    output: process.stderr,
    input: process.stdin,
  });
  const { signal } = interrupt;
  const session = { client, signal, tenant, preview: previewFor(graphics) };
  const tally = new Tally(task.count, task.rowsAreResults ?? true);
  const { what } = task;
  const reporter = json
    ? new JsonReporter()
    : new TextReporter({ what, quiet: quiet || detach, graphics, tally });
  try {
    const events = await task.begin(session);
    const files = resultFiles(task);
    for await (const event of events) {
      onJob(event.jobId);
      await tell(event, { tally, reporter, files, inputs: task.inputs ?? [] });
      if (detach && event.event?.$case === "accepted") {
        if (!json) process.stdout.write(`${event.jobId}\n`);
        return;
      }
    }
  } finally {
    await reporter.close();
  }
}

interface Told {
  readonly tally: Tally;
  readonly reporter: Reporter;
  readonly files: ResultFiles;
  readonly inputs: readonly string[];
}

async function tell(
  { jobId, event }: JobEvent,
  { tally, reporter, files, inputs }: Told,
): Promise<void> {
  const now = performance.now();
  switch (event?.$case) {
    case "accepted":
      tally.accept(event.value, now);
      reporter.accepted(jobId, event.value);
      return;
    case "queued":
      tally.queue(event.value, now);
      reporter.queued(event.value);
      return;
    case "progress":
      tally.progress(event.value, now);
      reporter.progressed(tally);
      return;
    case "preview":
      await picture(reporter, event.value.row, event.value.image);
      return;
    case "sampled":
    case "encoded":
    case "likelihood": {
      const { row, evaluations } = event.value;
      tally.finish(row, evaluations, now);
      for (const result of await files.take(event)) reporter.finished(result);
      if (event.$case === "sampled") await picture(reporter, row, event.value.image);
      reporter.progressed(tally);
      return;
    }
    case "rowCancelled":
      tally.leaveOut(event.value);
      reporter.cancelled(event.value, inputs[event.value.row]);
      reporter.progressed(tally);
      return;
    case "completed":
      for (const result of await files.end()) reporter.finished(result);
      reporter.completed(event.value);
      return;
    // A newer server may say more than this version knows; the client puts parts together.
    case undefined:
    case "part":
      return;
  }
}

async function picture(reporter: Reporter, row: number, image: Image | undefined): Promise<void> {
  if (image?.shape === undefined) return;
  const { format, shape, data: bytes } = image;
  // Floats would need the model's data range to be seen.
  if (format === ImageFormat.IMAGE_FORMAT_RAW_FLOAT32) return;
  const isFile = format !== ImageFormat.IMAGE_FORMAT_RAW_UINT8;
  await reporter.pictured(row, { ...shape, bytes, isFile });
}

function previewFor({ preview }: Graphics): Partial<PreviewOptions> {
  if (preview === "none") return {};
  const format = ImageFormat.IMAGE_FORMAT_RAW_UINT8;
  return { everySteps: 1, format, maxPerSecond: PREVIEWS_A_SECOND };
}
