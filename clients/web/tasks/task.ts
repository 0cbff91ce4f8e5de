import type { Model } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { Client } from "../../typescript/core/client.ts";
import type { CodeCall } from "../code/request-values.ts";
import type { JobCall } from "../connection.ts";
import type { SamplingFields } from "../form/sampling-fields.ts";
import type { JobRun } from "../jobs/job-run.ts";
import type { RowState } from "../jobs/job-state.ts";
import type { Picture } from "../pictures/picture.ts";

/** A picture that a job was given, shown beside what comes of it. */
export interface GivenPicture {
  readonly label: string;
  readonly picture: Picture;
}

/** What a form asks for: the call, and the words that the job is shown under. */
export interface JobRequest {
  readonly call: JobCall;
  readonly title: string;
  /** Settings, in a line. */
  readonly details: string;
  readonly given: readonly GivenPicture[];
  /** What is shown as code; left out: the call. */
  readonly code?: CodeCall;
}

/** What a task's form can use of the page. */
export interface FormContext {
  /** The fields of sampling, one for all tasks: put its element where the task wants it. */
  readonly sampling: SamplingFields;
}

/** A task's part of the form. It lives as long as the page, so that what was entered is kept. */
export interface TaskForm {
  /** What is shown when the task is chosen, from top to bottom. */
  readonly elements: readonly HTMLElement[];
  /** Of the button that runs it. */
  readonly action: string;
  /** Is called when the task or the model is chosen: offers what the model supports. */
  show(model: Model): void;
  /** @throws FieldError for what is missing or can't be meant */
  request(): JobRequest;
  /** Takes a picture out of a gallery, in a file, as the task's input. */
  take?(file: Blob): void;
}

/** How a job looks below its head. */
export interface JobView {
  readonly element: HTMLElement;
  /** @param row that has changed; undefined: the job has, and it may have more rows */
  update(row: RowState | undefined): void;
  /** The job is taken off the page: what it still asks for itself is given up. */
  close?(): void;
}

/** What a view can use beside its job. */
export interface ViewContext {
  /** Nothing after a reload. */
  readonly given: readonly GivenPicture[];
  readonly client: Client;
}

/** Something that the page can ask the server to do: one module, and one line of registry.ts. */
export interface Task {
  /** Names the task in the address and in what is kept for a reload. */
  readonly id: string;
  readonly name: string;
  /** What it does, in a sentence. */
  readonly hint: string;
  /** A path in a square of 20 x 20, drawn as a line. */
  readonly icon: string;
  isOffered(model: Model): boolean;
  createForm(context: FormContext): TaskForm;
  /** Left out: a gallery of samples. */
  createView?(run: JobRun, context: ViewContext): JobView;
}
