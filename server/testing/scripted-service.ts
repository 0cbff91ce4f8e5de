import type {
  CancelRequest,
  CancelResponse,
  DecodeRequest,
  EncodeRequest,
  JobEvent,
  ListModelsResponse,
  LogLikelihoodRequest,
  SampleRequest,
  WatchRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import type { EventReader, JobView, Service, Uploading } from "../service.ts";
import { IncomingUpload } from "../uploads/incoming-upload.ts";
import { UploadStore } from "../uploads/upload-store.ts";
import { type Deferred, deferred } from "./deferred.ts";

type Happening = NonNullable<JobEvent["event"]>;

/** A job whose events a test says, one by one or without end. */
export class ScriptedJob implements JobView {
  readonly id: string;
  /** Resolves when the front end leaves the job. */
  readonly left: Deferred<void> = deferred();
  /** Resolves when a reader of the events finds itself closed. */
  readonly stopped: Deferred<void> = deferred();
  /** Events that have been taken. */
  pulls = 0;
  /** How often a caller has left it; of these, for good; watchers that are there. */
  leaves = 0;
  leavesForGood = 0;
  watchers = 0;
  readonly #said: JobEvent[] = [];
  #error: ServerError | undefined;
  #more: Deferred<void> = deferred();
  #endless: Happening | undefined;

  constructor(id: string) {
    this.id = id;
  }

  say(...events: readonly Happening[]): void {
    for (const event of events) {
      this.#said.push({ jobId: this.id, sequence: BigInt(this.#said.length + 1), event });
    }
    this.#wake();
  }

  /** Says accepted and completed. */
  run(): void {
    this.say(accepted(), completed());
  }

  /** Says the same event as often as it is pulled. */
  sayForever(event: Happening): void {
    this.#endless = event;
    this.#wake();
  }

  fail(error: ServerError): void {
    this.#error = error;
    this.#wake();
  }

  leave(forGood: boolean): void {
    this.leaves++;
    if (forGood) this.leavesForGood++;
    this.left.resolve();
  }

  watch(): void {
    this.watchers++;
  }

  unwatch(_forGood: boolean): void {
    this.watchers--;
  }

  events(afterSequence: bigint): EventReader {
    const closed = new AbortController();
    const events = this.#read(afterSequence, closed.signal);
    return {
      next: () => events.next(),
      close: () => closed.abort(),
      get closed() {
        return closed.signal.aborted;
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async *#read(
    afterSequence: bigint,
    signal: AbortSignal,
  ): AsyncGenerator<JobEvent, undefined, undefined> {
    signal.addEventListener("abort", () => this.#wake());
    for (let index = Number(afterSequence); ; index++) {
      while (!signal.aborted && this.#said[index] === undefined && this.#endless === undefined) {
        if (this.#error !== undefined) throw this.#error;
        await this.#more.promise;
      }
      if (signal.aborted) break;
      this.pulls++;
      const event = this.#said[index] ?? {
        jobId: this.id,
        sequence: BigInt(index + 1),
        event: this.#endless,
      };
      yield event;
      if (event.event?.$case === "completed") return undefined;
    }
    this.stopped.resolve();
    return undefined;
  }

  #wake(): void {
    const more = this.#more;
    this.#more = deferred();
    more.resolve();
  }
}

const UPLOAD_LIMITS = { maxUploadBytes: 1e6, storeBytes: 1e7, tenantBytes: 1e7, ttlMs: 1500 };

/** A service for tests of the front ends alone: no model, no engine, jobs that the test drives. */
export class ScriptedService implements Service {
  ready = true;
  readonly jobs: ScriptedJob[] = [];
  readonly samples: SampleRequest[] = [];
  readonly watches: WatchRequest[] = [];
  /** Uploads really come: the front ends move their parts, and nothing else can be said of them. */
  readonly uploads: UploadStore = new UploadStore(UPLOAD_LIMITS, () => 0);
  /** Resolve when an upload has taken its first part, and when the front end aborts one. */
  readonly uploadBegun: Deferred<void> = deferred();
  readonly uploadAborted: Deferred<void> = deferred();
  /** What `sample` throws, when it is to. */
  refusal: ServerError | undefined;
  /** Runs in the turn in which a job is started. */
  onSample: (job: ScriptedJob) => void = () => undefined;

  listModels(): ListModelsResponse {
    const shape = { channels: 1, height: 2, width: 3 };
    const hashes = { sha256: "00", version: "01" };
    const names = { name: "scripted", ...hashes, forwardProcess: "vp", defaultSampler: "none" };
    return {
      devices: [],
      models: [
        {
          ...names,
          shape,
          classes: [],
          tasks: ["sample"],
          samplers: [],
          parameters: 12_345_678_901_234_567n,
          heldOut: undefined,
        },
      ],
    };
  }

  async sample(request: SampleRequest): Promise<JobView> {
    this.samples.push(request);
    return this.#start();
  }

  async encode(_: EncodeRequest): Promise<JobView> {
    return this.#start();
  }

  async decode(_: DecodeRequest): Promise<JobView> {
    return this.#start();
  }

  async logLikelihood(_: LogLikelihoodRequest): Promise<JobView> {
    return this.#start();
  }

  #start(): JobView {
    if (this.refusal !== undefined) throw this.refusal;
    const job = new ScriptedJob(`job-${this.jobs.length}`);
    this.jobs.push(job);
    this.onSample(job);
    return job;
  }

  watch(request: WatchRequest): JobView {
    this.watches.push(request);
    return this.#find(request.jobId);
  }

  cancel(request: CancelRequest): CancelResponse {
    this.#find(request.jobId).fail(new ServerError("cancelled", "the job was cancelled"));
    return { cancelled: true, rows: request.rows };
  }

  upload(): Uploading {
    const upload = new IncomingUpload(this.uploads);
    return {
      get complete() {
        return upload.complete;
      },
      take: (part) => {
        upload.take(part);
        this.uploadBegun.resolve();
      },
      finish: () => upload.finish(),
      abort: () => {
        upload.abort();
        this.uploadAborted.resolve();
      },
    };
  }

  #find(id: string): ScriptedJob {
    const job = this.jobs.find((each) => each.id === id);
    if (job === undefined) {
      throw new ServerError(
        "job-not-found",
        `job_id: seen ${JSON.stringify(id)}, expected a job of this server`,
      );
    }
    return job;
  }
}

export function accepted(): Happening {
  const expectedWait = { seconds: 1n, nanos: 500_000_000 };
  const expectedDuration = { seconds: 0n, nanos: 0 };
  return {
    $case: "accepted",
    value: {
      rows: 1,
      expectedEvaluations: 10n,
      expectedWait,
      expectedDuration,
      adjusted: "",
      images: 1,
    },
  };
}

export function completed(): Happening {
  return {
    $case: "completed",
    value: {
      sampler: undefined,
      seed: 0n,
      evaluations: 10n,
      queued: undefined,
      running: undefined,
      meanBatchRows: 1,
      modelSha256: "",
      adjusted: "",
      likelihood: undefined,
      classLabel: undefined,
      cancelledRows: [],
    },
  };
}

/** A preview whose picture has so many bytes. */
export function preview(bytes: number): Happening {
  const shape = { channels: 1, height: 1, width: bytes };
  const image = { format: 4, shape, data: Buffer.alloc(bytes, 7) } as const;
  return { $case: "preview", value: { row: 0, evaluations: 1n, time: 0.5, image } };
}
