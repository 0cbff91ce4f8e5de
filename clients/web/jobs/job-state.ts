import type {
  Completed,
  Image,
  JobEvent,
  LikelihoodResult,
  Queued,
  RowCancelled,
  Tensor,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";

/** A picture of a row on its way: the estimate E[x0 | x_t], or at the end the result. */
export interface Frame {
  readonly image: Image;
  readonly evaluations: number;
  /** Diffusion time; 0 for the result. */
  readonly time: number;
}

/** What is known of a row so far. */
export interface RowState {
  readonly row: number;
  /** In the order of the steps. The last one of a row that is done is its result. */
  readonly frames: Frame[];
  /** Previews that came, and of how many one is kept. */
  previews: number;
  stride: number;
  evaluations: number;
  /** Diffusion time. */
  time: number;
  /** Of the row's work, 0 to 1. */
  fraction: number;
  done: boolean;
  /** It was cancelled by itself. */
  cancelled: boolean;
  latent: Tensor | undefined;
}

/** Frames kept of a row. Where more come, one of two goes, and of those to come too: they stay evenly spread. */
const MAX_FRAMES = 96;

/** Where a job stands, by the events that came. Rows appear with the event that tells how many there are. */
export class JobState {
  readonly rows: RowState[] = [];
  /** By picture, of a job of likelihoods. */
  readonly likelihoods: Map<number, LikelihoodResult> = new Map();
  /** "" until the server has accepted the job. */
  id = "";
  /** Of the last event, to watch the job from. */
  sequence = 0n;
  /** Network evaluations of a row; 0: not known ahead. */
  expectedEvaluations = 0;
  /** Images that were cancelled by themselves. */
  readonly cancelledImages: Set<number> = new Set();
  /** Results that there will be, as far as that is known: of a likelihood fewer than rows. */
  #images = 0;
  completed: Completed | undefined;
  /** Where it stands while none of its rows has begun. */
  queued: Queued | undefined;

  /** @returns the row that the event is about; undefined where it is about the job, or was seen before */
  apply({ jobId, sequence, event }: JobEvent): RowState | undefined {
    if (sequence <= this.sequence) return undefined;
    this.id = jobId;
    this.sequence = sequence;
    switch (event?.$case) {
      // The client puts parts together.
      case undefined:
      case "part":
        return undefined;
      case "accepted":
        this.expectedEvaluations = Number(event.value.expectedEvaluations);
        this.#images = event.value.images;
        for (let row = this.rows.length; row < event.value.rows; row++) this.#row(row);
        return undefined;
      case "queued":
        this.queued = event.value;
        return undefined;
      case "completed":
        this.completed = event.value;
        return undefined;
      case "rowCancelled":
        return this.#cancelled(event.value);
      case "likelihood":
        this.likelihoods.set(event.value.row, event.value);
        return undefined;
      case "progress":
        return this.#progress(event.value);
      case "preview":
        return this.#preview(event.value);
      case "sampled":
        return this.#done(event.value.row, event.value.evaluations, { image: event.value.image });
      case "encoded":
        return this.#done(event.value.row, event.value.evaluations, { latent: event.value.latent });
    }
  }

  get doneRows(): number {
    return this.rows.reduce((sum, { done }) => sum + (done ? 1 : 0), 0);
  }

  /** Results that have come: of a likelihood one a picture, else one a row. */
  get results(): number {
    return this.likelihoods.size || this.doneRows;
  }

  /** Of the whole job, 0 to 1: of what was not cancelled. */
  get fraction(): number {
    if (this.completed !== undefined) return 1;
    return meanFraction(this.rows.filter(({ cancelled }) => !cancelled));
  }

  /** Of likelihoods an image has several rows, else one. */
  get rowsPerImage(): number {
    return this.#images === 0 ? 1 : Math.max(1, this.rows.length / this.#images);
  }

  /** The image that a row is of. */
  imageOf({ row }: RowState): number {
    return Math.floor(row / this.rowsPerImage);
  }

  rowsOf(image: number): readonly RowState[] {
    return this.rows.slice(image * this.rowsPerImage, (image + 1) * this.rowsPerImage);
  }

  /** Of an image's work, 0 to 1. */
  fractionOf(image: number): number {
    return meanFraction(this.rowsOf(image));
  }

  /** Of all rows together, so far. */
  get evaluations(): number {
    return this.rows.reduce((sum, { evaluations }) => sum + evaluations, 0);
  }

  #row(row: number): RowState {
    const known = this.rows[row];
    if (known !== undefined) return known;
    for (let next = this.rows.length; next <= row; next++) {
      this.rows.push({
        row: next,
        frames: [],
        previews: 0,
        stride: 1,
        evaluations: 0,
        time: Number.NaN,
        fraction: 0,
        done: false,
        cancelled: false,
        latent: undefined,
      });
    }
    return this.#row(row);
  }

  #progress(seen: { row: number; evaluations: bigint; time: number; fraction: number }): RowState {
    this.queued = undefined;
    const row = this.#row(seen.row);
    row.evaluations = Number(seen.evaluations);
    row.time = seen.time;
    row.fraction = seen.fraction;
    return row;
  }

  #preview(seen: {
    row: number;
    evaluations: bigint;
    time: number;
    image: Image | undefined;
  }): RowState {
    const row = this.#row(seen.row);
    if (seen.image === undefined || row.done) return row;
    const evaluations = Number(seen.evaluations);
    // The newest is always there, and gives way to the next one unless it is one of those that stay.
    if (row.previews % row.stride !== 0) row.frames.pop();
    row.frames.push({ image: seen.image, evaluations, time: seen.time });
    row.previews++;
    if (row.frames.length === MAX_FRAMES && row.previews % row.stride === 0) {
      row.frames.splice(0, MAX_FRAMES, ...row.frames.filter((_, i) => i % 2 === 1));
      row.stride *= 2;
    }
    return row;
  }

  #cancelled({ row: image, evaluations }: RowCancelled): RowState | undefined {
    this.cancelledImages.add(image);
    const rows = this.rowsOf(image);
    const [first = this.#row(image), ...others] = rows;
    for (const row of rows) row.cancelled = true;
    first.cancelled = true;
    if (others.length > 0) return undefined;
    first.evaluations = Number(evaluations);
    return first;
  }

  #done(
    index: number,
    evaluations: bigint,
    { image, latent }: { image?: Image | undefined; latent?: Tensor | undefined },
  ): RowState {
    const row = this.#row(index);
    row.evaluations = Number(evaluations);
    row.fraction = 1;
    row.done = true;
    row.latent = latent;
    if (image !== undefined) row.frames.push({ image, evaluations: row.evaluations, time: 0 });
    return row;
  }
}

function meanFraction(rows: readonly RowState[]): number {
  if (rows.length === 0) return 0;
  return rows.reduce((sum, { fraction }) => sum + fraction, 0) / rows.length;
}
