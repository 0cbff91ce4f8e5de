import { randomUUID } from "node:crypto";
import type {
  Accepted,
  Image,
  JobEvent,
  Queued,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { asServerError, type ServerError } from "../errors.ts";
import type { EventReader, JobView } from "../service.ts";
import { type JobRows, newGroup } from "./backlog.ts";
import { duration } from "./duration.ts";
import { EventLog, type Happening } from "./event-log.ts";
import type { JobSpec } from "./job-spec.ts";
import { PreviewEncoder } from "./preview-encoder.ts";
import { Row } from "./row.ts";

/** Progress of a row is told at most this often, in ms. */
const PROGRESS_INTERVAL_MS = 250;
/** A job of many rows tells of each more rarely, about so much a second in all: events take time from the steps. */
const PROGRESS_PER_SECOND = 32;

/** Who runs a job. */
export interface JobOwner {
  /** Nobody is left for whom the job should go on. */
  left(job: Job): void;
  /** The job has completed, failed or been cancelled, then with `error`. */
  ended(job: Job, error?: ServerError): void;
  /** A preview can be read. */
  previewed?(job: Job): void;
  /** A newer preview has replaced one that nobody had read. */
  unread?(job: Job): void;
}

/** One request while it runs and as long as it is remembered: its rows, and all that it has said. */
export class Job implements JobView {
  readonly id: string = randomUUID();
  readonly spec: JobSpec;
  readonly rows: readonly Row[];
  readonly submittedMs: number;
  startedMs: number | undefined;
  /** When it completed, failed or was cancelled. */
  endedMs: number | undefined;
  readonly #log: EventLog;
  readonly #owner: JobOwner;
  readonly #progressIntervalMs: number;
  /** Made with the first preview: a job that waits has none. */
  #previews: PreviewEncoder | undefined;
  #unbegun: JobRows | undefined;
  /** Rows that have not ended, or whose answer is being made. */
  #unfinished: number;
  /** Images that were cancelled by themselves. */
  #cancelledImages: Set<number> | undefined;
  /** Those who sent its request and have not left. */
  #callers = 1;
  #watchers = 0;
  /** It failed or was cancelled. */
  failed = false;
  /** Bytes of the pictures and latents that it has answered with. */
  answeredBytes = 0;

  constructor(spec: JobSpec, nowMs: number, owner: JobOwner) {
    this.spec = spec;
    this.submittedMs = nowMs;
    this.rows = spec.rows.map((row, index) => new Row(this, index, row));
    this.#log = new EventLog(this.id, ({ $case }) => {
      if ($case === "preview") owner.unread?.(this);
    });
    this.#owner = owner;
    this.#unfinished = spec.rows.length;
    const shareMs = (1000 * spec.rows.length) / PROGRESS_PER_SECOND;
    this.#progressIntervalMs = Math.max(PROGRESS_INTERVAL_MS, shareMs);
  }

  /** Its rows as they are before any has begun. */
  get unbegun(): JobRows {
    this.#unbegun ??= newGroup(this.spec);
    return this.#unbegun;
  }

  /** What it is asked for: pictures, latents or likelihoods. */
  get images(): number {
    return this.rows.length / (this.spec.rowsPerImage ?? 1);
  }

  /** An image's rows that have not ended. */
  openRowsOf(image: number): Row[] {
    return this.#rowsOf(image).filter(({ ended }) => !ended);
  }

  #rowsOf(image: number): readonly Row[] {
    const { rowsPerImage = 1 } = this.spec;
    return this.rows.slice(image * rowsPerImage, (image + 1) * rowsPerImage);
  }

  /** Whether no image would be left with a result if these, which have not ended, were cancelled. */
  isOnly(images: readonly number[]): boolean {
    return (this.#cancelledImages?.size ?? 0) + images.length === this.images;
  }

  /** An image was cancelled with so many of its rows: says so, and completes the job where all others have ended. */
  leaveOut(image: number, openRows: number, nowMs: number): void {
    const rows = this.#rowsOf(image);
    for (const row of rows) this.#hush(row);
    this.#cancelledImages ??= new Set();
    this.#cancelledImages.add(image);
    const evaluations = BigInt(rows.reduce((sum, row) => sum + row.evaluations, 0));
    this.#log.append({ $case: "rowCancelled", value: { row: image, evaluations } });
    this.#unfinished -= openRows;
    if (this.#unfinished === 0) this.#complete(nowMs);
  }

  /** What was said of a row on its way is worth nothing any more. */
  #hush({ index }: Row): void {
    this.#log.forget(`preview/${index}`);
    this.#log.forget(`progress/${index}`);
  }

  events(afterSequence: bigint): EventReader {
    return this.#log.after(afterSequence);
  }

  /** One more caller has sent the request and is to get its events. */
  join(): void {
    this.#callers++;
  }

  leave(forGood: boolean): void {
    this.#callers--;
    this.#left(forGood);
  }

  watch(): void {
    this.#watchers++;
  }

  unwatch(forGood: boolean): void {
    this.#watchers--;
    this.#left(forGood);
  }

  #left(forGood: boolean): void {
    if (this.endedMs !== undefined || this.#callers > 0) return;
    // A watcher may be the caller who has come back to a detached job, and leaves it for good when it is done.
    if (this.spec.detached && !(forGood && this.#watchers === 0)) return;
    this.#owner.left(this);
  }

  accept(accepted: Accepted): void {
    this.#log.append({ $case: "accepted", value: accepted });
  }

  /** Where it stands while it waits; replaces what was said of that before. */
  queue(queued: Queued): void {
    this.#log.append({ $case: "queued", value: queued }, "queued");
  }

  /** Its first row has begun, or another one. */
  begin(nowMs: number): void {
    if (this.startedMs !== undefined) return;
    this.startedMs = nowMs;
    this.#log.forget("queued");
  }

  /** A row has done a step at diffusion time `time`. */
  progress(row: Row, time: number, fraction: number, nowMs: number): void {
    if (nowMs - row.lastProgressMs < this.#progressIntervalMs) return;
    row.lastProgressMs = nowMs;
    this.#log.append(
      {
        $case: "progress",
        value: { row: row.index, evaluations: BigInt(row.evaluations), time, fraction },
      },
      `progress/${row.index}`,
    );
  }

  /** @param estimate float32[channels, height, width] of the shape that is shown, which the job may keep */
  preview(row: Row, time: number, estimate: Float32Array): void {
    this.#previews ??= new PreviewEncoder(this.spec, (...encoded) => this.#previewed(...encoded));
    this.#previews.show(row, time, estimate);
  }

  #previewed(row: Row, evaluations: number, time: number, image: Image): void {
    if (this.endedMs !== undefined || row.ended) return;
    const preview = { row: row.index, evaluations: BigInt(evaluations), time, image };
    this.#log.append({ $case: "preview", value: preview }, `preview/${row.index}`);
    this.#owner.previewed?.(this);
  }

  /**
   * A row has ended. Says what it has to say of it, and completes the job after the last one.
   *
   * @param result float32[channels, height, width] that the job may keep
   * @param now the clock, in ms
   */
  async finish(row: Row, result: Float32Array, now: () => number): Promise<void> {
    const { index, values, evaluations } = row;
    let event: JobEvent["event"] | undefined;
    try {
      event = await this.spec.answer({ index, result, values, evaluations });
    } catch (error) {
      this.fail(asServerError(error), now());
      return;
    }
    if (this.endedMs !== undefined) return;
    this.#hush(row);
    if (event !== undefined) {
      this.answeredBytes += bytesOf(event);
      this.#log.append(event);
    }
    this.#unfinished--;
    if (this.#unfinished === 0) this.#complete(now());
  }

  fail(error: ServerError, nowMs: number): void {
    if (this.endedMs !== undefined) return;
    this.endedMs = nowMs;
    this.failed = true;
    this.#log.end(error);
    this.#owner.ended(this, error);
  }

  #complete(nowMs: number): void {
    const { spec, rows, submittedMs } = this;
    const startedMs = this.startedMs ?? nowMs;
    const evaluations = rows.reduce((sum, row) => sum + row.evaluations, 0);
    const companions = rows.reduce((sum, row) => sum + row.companions, 0);
    this.#log.append({
      $case: "completed",
      value: {
        ...spec.used,
        seed: spec.seed,
        evaluations: BigInt(evaluations),
        queued: duration(startedMs - submittedMs),
        running: duration(nowMs - startedMs),
        meanBatchRows: evaluations === 0 ? 0 : companions / evaluations,
        modelSha256: spec.model.sha256,
        adjusted: spec.adjusted ?? "",
        cancelledRows: [...(this.#cancelledImages ?? [])].sort((a, b) => a - b),
      },
    });
    this.endedMs = nowMs;
    this.#log.end();
    this.#owner.ended(this);
  }
}

/** Of an answer's picture or latent. */
function bytesOf(event: Happening): number {
  if (event.$case === "sampled") return event.value.image?.data.length ?? 0;
  return event.$case === "encoded" ? (event.value.latent?.float32.length ?? 0) : 0;
}
