import { announce } from "./announce.ts";
import { CodeDialog } from "./code/code-dialog.ts";
import { Connection } from "./connection.ts";
import { byId } from "./dom.ts";
import { RequestForm } from "./form/request-form.ts";
import { GalleryView } from "./gallery/gallery-view.ts";
import { JobCard } from "./gallery/job-card.ts";
import { Viewer } from "./gallery/viewer.ts";
import { JobRun, type JobStart, type JobWords } from "./jobs/job-run.ts";
import { RememberedJobs } from "./jobs/remembered-jobs.ts";
import { TASKS } from "./tasks/registry.ts";
import type { GivenPicture, JobRequest, Task } from "./tasks/task.ts";
import { startTheme } from "./theme.ts";

const connection = new Connection(location.href);
const remembered = new RememberedJobs(sessionStorage);
const jobs = byId("jobs", "div");
const viewer = new Viewer(() => form.takers());

/** Shows a job and follows it to its end. @returns the job, ended */
async function run(
  start: JobStart,
  words: JobWords,
  given: readonly GivenPicture[] = [],
): Promise<JobRun> {
  const job = new JobRun(words, connection, remembered);
  const task = TASKS.find(({ id }) => id === words.task);
  const view =
    task?.createView?.(job, { given, client: connection.client }) ??
    new GalleryView(job, given, (row) => viewer.open(job, row));
  const card = new JobCard(job, view);
  jobs.prepend(card.element);
  // On a phone the form is above the pictures; elsewhere the list may have been scrolled.
  if (!("jobId" in start)) card.element.scrollIntoView({ block: "nearest" });
  await job.follow(start, (row) => {
    card.update(row);
    if (row !== undefined) viewer.update(row);
  });
  if (job.state.id === "") card.element.remove();
  return job;
}

/** A request of samples without a seed gets one, so that each time brings other pictures, and each can be had again. */
function seeded(request: JobRequest): JobRequest {
  const { call, details } = request;
  if (call.$case !== "sample") return request;
  const seed = call.value.seed ?? BigInt(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);
  const value = { ...call.value, seed };
  return { ...request, call: { $case: "sample", value }, details: `${details} · seed ${seed}` };
}

async function send(task: Task, request: JobRequest): Promise<void> {
  const { call, title, details, given } = seeded(request);
  announce(`${title}: sent`);
  const { failure, state } = await run(
    call,
    { task: task.id, model: call.value.model ?? "", title, details },
    given,
  );
  const cancelled = state.cancelledImages.size;
  if (failure === undefined && cancelled > 0) {
    announce(`${title}: ${state.results} done, ${cancelled} cancelled`);
  } else if (failure === undefined) announce(`${title}: all ${state.results} done`);
  else if (failure.code === "cancelled") announce(`${title}: cancelled`);
  else if (state.id === "") form.fail(failure.field, failure.message);
}

const codeDialog = new CodeDialog();
const form = new RequestForm(
  (task, request) => void send(task, request),
  ({ call, code = call }) => void codeDialog.open(code),
);

/** Asks for the models, and so connects; a page that lost its server waits here until it is back. */
async function loadModels(): Promise<void> {
  const { models } = await connection.client.listModels();
  form.setModels(models);
}

function showConnection(): void {
  const shown = byId("connection", "p");
  shown.dataset.state = connection.connected ? "connected" : "lost";
  shown.textContent = connection.connected ? "Connected" : "Connection lost, trying again";
  if (!connection.connected) void loadModels();
}

startTheme();
connection.addEventListener("change", showConnection);
for (const { id, ...words } of remembered.all()) void run({ jobId: id }, words);
void loadModels();
