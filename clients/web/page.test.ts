import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import anyTest, { type TestFn } from "ava";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { WebSocket } from "ws";
import { repositoryPath } from "../typescript/testing/spawn-server.ts";
import { refusedAt, violations } from "./testing/assertions.ts";
import { cancelPicture, cancelSamples } from "./testing/cancel-images.ts";
import { findChromium, NO_CHROMIUM } from "./testing/chromium.ts";
import { cancelEncoding, dragAndStrip, refusedPictures } from "./testing/interpolation.ts";
import { cancelLikelihood, likelihoods, refusedLikelihood } from "./testing/likelihood.ts";
import { choose, newestJob, type OpenPage, openPage, pixelsOf, run } from "./testing/open-page.ts";
import { ring } from "./testing/pictures.ts";

const isPossible = findChromium() !== undefined;
if (!isPossible) console.log(NO_CHROMIUM);

const all = anyTest as TestFn<OpenPage>;
const test = isPossible ? all.serial : all.serial.skip;

if (isPossible) {
  all.before(async (t) => {
    const opened = await openPage();
    if (opened !== undefined) t.context = opened;
  });
  all.after.always((t) => t.context.close());
}

const FAST = { sampler: "dpm-solver++2m", steps: "4" } as const;

async function giveRing(page: Page, label: string): Promise<void> {
  const file = { name: "ring.png", mimeType: "image/png", buffer: await ring() };
  await page.getByLabel(`${label}: choose a file`).setInputFiles(file);
  await page.locator(".drop canvas:visible").waitFor();
}

test("the form offers what the model has", async (t) => {
  const { page } = t.context;
  await page.getByText("Connected").waitFor();
  t.is(await page.getByLabel("Model").inputValue(), "color-digits");
  const tasks = await page
    .locator("#tasks")
    .getByRole("radio")
    .evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value));
  t.deepEqual(tasks, [
    "generate",
    "inpaint",
    "colorize",
    "super-resolve",
    "interpolate",
    "likelihood",
  ]);
  t.is(await page.getByRole("group", { name: "Class" }).getByRole("radio").count(), 11);
  const sampler = page.getByLabel("Sampler");
  t.is(await sampler.inputValue(), "euler-maruyama");
  const offersRk45 = () => sampler.locator('option[value="ode-rk45"]').count();
  t.is(await offersRk45(), 1);
  await choose(page, { task: "Colorize" });
  t.is(await offersRk45(), 0, "it takes no condition");
  await choose(page, { task: "Generate" });
  await sampler.selectOption("ode-rk45");
  t.is(await page.getByLabel("Relative tolerance").count(), 1);
  t.is(await page.getByLabel("Steps", { exact: true }).count(), 0);
});

test("samples emerge, and their timeline goes back to noise", async (t) => {
  const { page } = t.context;
  await choose(page, { ...FAST, count: "5", seed: "7" });
  const job = await run(page);
  t.regex(await job.locator(".job-status").innerText(), /^Done in [\d.]+ s · 20 evaluations/);
  t.is(await page.locator("#announcements").innerText(), "Samples: all 5 done");
  const canvases = job.locator("button.tile-picture canvas");
  const pictures = await pixelsOf(canvases);
  t.is(pictures.length, 5);
  t.is(new Set(pictures.map(String)).size, 5, "five different pictures");
  await job.getByLabel(/^Timeline of all samples/).fill("0");
  const [noisy] = await pixelsOf(canvases);
  t.notDeepEqual(noisy, pictures[0]);
  await job.getByLabel(/^Timeline of all samples/).fill("100");
  t.deepEqual((await pixelsOf(canvases))[0], pictures[0]);
});

test("a sample by itself: its timeline, a PNG and an animation of it", async (t) => {
  const { page } = t.context;
  const job = newestJob(page);
  const [shown] = await pixelsOf(job.locator("button.tile-picture canvas"));
  await job.getByRole("button", { name: "Sample 1, done" }).click();
  const viewer = page.getByRole("dialog");
  t.is(await viewer.getByRole("heading").innerText(), "Samples: 1 of 5");
  t.deepEqual(await violations(page), []);
  const frames = 1 + Number(await viewer.getByLabel("Timeline").getAttribute("max"));
  t.is(frames, 4, "an estimate after each step but the last, and the sample");
  const downloaded = async (name: string): Promise<Buffer> => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      viewer.getByRole("button", { name }).click(),
    ]);
    return await sharp(await download.path(), { animated: true })
      .toBuffer({ resolveWithObject: true })
      .then(({ data }) => data);
  };
  const png = await sharp(await downloaded("Download PNG"))
    .ensureAlpha()
    .raw()
    .toBuffer();
  t.deepEqual([...png], shown, "to the last bit");
  const animation = await sharp(await downloaded("Download animation"), {
    animated: true,
  }).metadata();
  t.deepEqual([animation.format, animation.pages, animation.pageHeight], ["webp", frames, 32]);
  await viewer.getByLabel("Timeline").fill("0");
  t.regex(await viewer.locator(".viewer-figures").innerText(), /^Estimate at t = [\d.]+, after 1 /);
  await viewer.getByRole("button", { name: "Next" }).click();
  t.is(await viewer.getByRole("heading").innerText(), "Samples: 2 of 5");
  await page.keyboard.press("Escape");
  t.false(await viewer.isVisible());
});

test("the request as code: the command draws the same picture, the JSON is what the server takes", async (t) => {
  const { page, proxy, server } = t.context;
  await choose(page, { ...FAST, count: "1", seed: "7" });
  const [wanted = []] = await pixelsOf((await run(page)).locator("button.tile-picture canvas"));
  await page.getByRole("button", { name: "Code" }).click();
  const dialog = page.getByRole("dialog", { name: "This request as code" });
  const code = dialog.getByRole("region", { name: "Code" });
  const command = (await code.innerText()).replaceAll("\\\n", " ").trim().split(/\s+/);
  t.is(command[0], "scorestream");
  const folder = await mkdtemp(join(tmpdir(), "scorestream-page-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "sample.png");
  const main = repositoryPath("dist/clients/cli/main.js");
  await promisify(execFile)(process.execPath, [main, ...command.slice(1), "--out", file]);
  const drawn = await sharp(file).ensureAlpha().raw().toBuffer();
  // Without `strict`, rounding may differ with the company in a batch.
  t.true(wanted.every((level, e) => Math.abs(level - (drawn[e] ?? 0)) <= 2));
  await dialog.getByRole("radio", { name: "Python" }).check();
  t.true((await code.innerText()).includes(`Client("${server.target}")`), await code.innerText());
  await dialog.getByRole("radio", { name: "JSON" }).check();
  await dialog.getByRole("button", { name: "Copy" }).click();
  await page.locator("#announcements", { hasText: "Copied" }).waitFor();
  const json = await page.evaluate(() => navigator.clipboard.readText());
  t.is(json, await code.innerText());
  t.regex(await answersTo(proxy.address, json), /"sampled"/);
  for (const language of ["Python", "TypeScript"]) {
    await dialog.getByRole("radio", { name: language }).check();
    t.regex(await code.innerText(), /dpm-solver\+\+2m/);
  }
  t.deepEqual(await violations(page), []);
  await dialog.getByRole("button", { name: "Close" }).click();
});

/** What a server answers to one text frame, until the job's end or an error. */
function answersTo(host: string, frame: string): Promise<string> {
  const socket = new WebSocket(`ws://${host}/v1/stream`);
  return new Promise((resolve, reject) => {
    let answers = "";
    socket.on("open", () => socket.send(frame));
    socket.on("message", (data) => {
      answers += String(data);
      if (!/"(completed|error)"/.test(answers)) return;
      resolve(answers);
      socket.close();
    });
    socket.on("error", reject);
  });
}

test("samples of a class, with a guidance scale", async (t) => {
  const { page } = t.context;
  await page.getByRole("radio", { name: "7", exact: true }).check();
  await page.getByLabel("Guidance scale").fill("2.5");
  await choose(page, { count: "2" });
  const job = await run(page);
  t.is(await job.getByRole("heading").innerText(), "Samples of 7");
  await page.getByRole("radio", { name: "any", exact: true }).check();
});

test("inpainting: a mask is painted by pointer and by keys, and what is known is kept", async (t) => {
  const { page } = t.context;
  await choose(page, { task: "Inpaint", ...FAST, count: "3" });
  await refusedAt(t, "condition.inpaint.image", /seen "no picture", expected one/);
  await giveRing(page, "Picture");
  await refusedAt(t, "condition.inpaint.mask", /seen "nothing painted", expected a part/);
  const mask = page.getByLabel("Mask: paint over the picture");
  const said = page.locator('[data-paths="condition.inpaint.mask"] [role="status"]');
  const filled = async (): Promise<number> => Number.parseInt(await said.innerText(), 10);
  await page.getByRole("button", { name: "left half" }).click();
  t.is(await filled(), 50);
  await page.getByRole("button", { name: "Invert" }).click();
  const box = await mask.boundingBox();
  if (box === null) return t.fail("the mask can't be seen");
  const drag = async (fromX: number, toX: number): Promise<void> => {
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + fromX * box.width, y);
    await page.mouse.down();
    await page.mouse.move(box.x + toX * box.width, y, { steps: 4 });
    await page.mouse.up();
  };
  await drag(0.1, 0.3);
  t.true((await filled()) > 50, "painted into the other half");
  await page.getByLabel("Eraser").check();
  await drag(0.6, 0.9);
  const erased = await filled();
  await page.getByRole("button", { name: "Undo" }).click();
  t.true((await filled()) > erased, "taken back");
  await page.getByRole("button", { name: "Clear" }).click();
  t.is(await filled(), 0);
  await page.getByLabel("Brush").check();
  await mask.focus();
  for (const key of ["ArrowRight", "ArrowDown", " ", "e", "b", "ArrowRight", " "]) {
    await page.keyboard.press(key);
  }
  t.true((await filled()) > 0, "painted by keys");
  t.deepEqual(await violations(page), []);
  const job = await run(page);
  const given = await ring();
  const pictures = await pixelsOf(job.locator("button.tile-picture canvas"));
  const [known = []] = await pixelsOf(job.locator(".tile-given canvas"));
  const wanted = await sharp(given).ensureAlpha().raw().toBuffer();
  t.is(new Set(pictures.map(String)).size, 3, "three different fillings");
  const middle = 4 * (17 * 32 + 17);
  t.deepEqual(known.slice(middle, middle + 3), [128, 128, 128], "what was painted is not given");
  t.deepEqual(known.slice(0, 3), [...wanted.subarray(0, 3)], "what was not painted is");
  const isKnown = (e: number): boolean => known[e - (e % 4)] !== 128;
  for (const picture of pictures) {
    t.true(
      picture.every((level, e) => !isKnown(e) || level === wanted[e]),
      "known pixels are kept",
    );
  }
});

test("a sample is used as another task's picture; a gray one gets colours", async (t) => {
  const { page } = t.context;
  await newestJob(page).getByRole("button", { name: "Sample 2, done" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Colorize" }).click();
  await page.getByLabel("Gray picture, as the model sees it").waitFor();
  t.true(await page.getByRole("radio", { name: "Colorize" }).isChecked());
  const job = await run(page);
  const [gray = []] = await pixelsOf(job.locator(".tile-given canvas"));
  for (const picture of await pixelsOf(job.locator("button.tile-picture canvas"))) {
    const mean = (i: number): number =>
      picture.slice(4 * i, 4 * i + 3).reduce((sum, level) => sum + level, 0) / 3;
    const most = Math.max(
      ...gray.map((_, e) => Math.abs((gray[e - (e % 4)] ?? 0) - mean(Math.floor(e / 4)))),
    );
    t.true(most <= 1.01, `gray differs by ${most}`);
  }
});

test("super-resolution: a large picture is dropped, and made small by the page", async (t) => {
  const { page } = t.context;
  await choose(page, { task: "Super-resolve", count: "1" });
  const file = [
    ...(await sharp(await ring())
      .resize(96, 64)
      .png()
      .toBuffer()),
  ];
  const transfer = await page.evaluateHandle((bytes) => {
    const dropped = new DataTransfer();
    dropped.items.add(new File([Uint8Array.from(bytes)], "dropped.png", { type: "image/png" }));
    return dropped;
  }, file);
  await page.locator(".drop:visible").dispatchEvent("drop", { dataTransfer: transfer });
  await page.locator(".drop canvas:visible").waitFor();
  const size = () =>
    page.locator(".drop canvas:visible").evaluate((canvas) => (canvas as HTMLCanvasElement).width);
  t.is(await size(), 8);
  await page.getByLabel("Enlarge").selectOption("8");
  await page.waitForFunction(
    () => document.querySelector<HTMLCanvasElement>(".drop canvas:not([hidden])")?.width === 4,
  );
  const job = await run(page);
  t.is((await pixelsOf(job.locator("button.tile-picture canvas"))).length, 1);
});

test("interpolation: pictures that can't be taken are told beside their fields", refusedPictures);
test("interpolation: a slider that decodes as it is dragged, and a strip", dragAndStrip);
test("interpolation: an encoding is cancelled", cancelEncoding);
test("likelihood: files that can't be taken are told by name", refusedLikelihood);
test("likelihood: pictures on a scale, the likeliest first", likelihoods);
test("likelihood: one picture is cancelled, by the keyboard", cancelPicture);
test("likelihood: a job is cancelled", cancelLikelihood);

test("what can't be meant is told beside its field, by the page and by the server", async (t) => {
  const { page } = t.context;
  await choose(page, { task: "Generate", ...FAST, steps: "-1", count: "1" });
  await refusedAt(t, "sampler.fast.steps", /^seen "-1", expected a whole/);
  await choose(page, { steps: "20000" });
  await refusedAt(t, "sampler.fast.steps", /seen 20000, expected an integer from 1 to 10000/);
  t.is(await page.evaluate(() => document.activeElement?.getAttribute("aria-invalid")), "true");
  t.deepEqual(await violations(page), []);
  await choose(page, { steps: "4", count: "5000" });
  await refusedAt(t, "count", /^seen 5000, expected an integer from 1 to 1024/);
  await choose(page, { count: "1", seed: "18446744073709551616" });
  await refusedAt(t, "seed", /^seen/);
  await choose(page, { seed: "" });
  await page.getByRole("radio", { name: "3", exact: true }).check();
  await page.getByLabel("Guidance scale").fill("1000");
  await refusedAt(t, "condition.class_label.guidance_scale", /^seen 1000, /);
  await page.getByRole("radio", { name: "any", exact: true }).check();
  await page.getByText("When it runs").click();
  await choose(page, { steps: "9000" });
  await page.getByLabel("Deadline, in s").fill("1");
  await refusedAt(t, "options.deadline", /^seen [\d.]+ s, expected at least [\d.]+ s/);
  await page.getByLabel("Deadline, in s").fill("");
  await choose(page, { steps: "4" });
  await choose(page, { task: "Colorize" });
  const text = { name: "text.png", mimeType: "image/png", buffer: Buffer.from("no picture") };
  await page.getByLabel("Gray picture: choose a file").setInputFiles(text);
  await page.getByText(/seen a file called image\/png that this browser can't read/).waitFor();
  await choose(page, { task: "Inpaint" });
  await page.getByText("How well it fits").click();
  await page.getByLabel("Resampling").fill("2");
  await refusedAt(t, "condition.inpaint.resample_jumps", /only predictor-corrector samplers/);
  await page.getByLabel("Resampling").fill("");
});

/** A job that goes on until it is told not to. */
async function startLongJob(page: Page): Promise<void> {
  await choose(page, { task: "Generate", sampler: "euler-maruyama", steps: "5000", count: "2" });
  await page.locator("#submit").click();
  await newestJob(page)
    .getByRole("button", { name: /^Sample 1, running/ })
    .waitFor();
}

test("a job is cancelled, and says how far it had come", async (t) => {
  const { page } = t.context;
  await startLongJob(page);
  const job = newestJob(page);
  t.regex(await job.locator(".job-status").innerText(), /0 of 2 done · \d+ evaluations/);
  await job.getByRole("button", { name: /^Cancel: / }).click();
  await page.locator('article.job[data-state="failed"]').first().waitFor();
  t.regex(await job.locator(".job-status").innerText(), /^Cancelled · 0 of 2 done/);
  await job.getByRole("button", { name: "Remove" }).click();
});

test("samples are cancelled one by one, and each says when it will be done", cancelSamples);

test("a lost connection is come back to, and so is the job", async (t) => {
  const { page, setConnected } = t.context;
  await choose(page, { task: "Generate", sampler: "euler-maruyama", steps: "400", count: "1" });
  await page.locator("#submit").click();
  const job = newestJob(page);
  await job.getByRole("button", { name: /^Sample 1, running/ }).waitFor();
  setConnected(false);
  await page.locator('#connection[data-state="lost"]').waitFor();
  t.is(await job.getAttribute("data-state"), "running");
  setConnected(true);
  await page.locator('#connection[data-state="connected"]').waitFor();
  await job.getByRole("button", { name: /^Sample 1, done/ }).waitFor();
  t.regex(await job.locator(".job-status").innerText(), /^Done in .* · 400 evaluations/);
});

test("a page that is loaded again has its jobs, the ended one and the running one", async (t) => {
  const { page } = t.context;
  await startLongJob(page);
  const ended = await page.locator('article.job[data-state="done"]').count();
  await page.reload();
  await newestJob(page)
    .getByRole("button", { name: /^Sample 1, running/ })
    .waitFor();
  await page.waitForFunction(
    (count) => document.querySelectorAll('article.job[data-state="done"]').length === count,
    ended,
  );
  t.true(ended > 0);
  await newestJob(page)
    .getByRole("button", { name: /^Cancel: / })
    .click();
  await page.locator('article.job[data-state="failed"]').first().waitFor();
});

test("on a phone nothing is cut off, and the dark theme can be read", async (t) => {
  const { page } = t.context;
  await page.setViewportSize({ width: 360, height: 740 });
  for (const task of [
    "Generate",
    "Inpaint",
    "Colorize",
    "Super-resolve",
    "Interpolate",
    "Likelihood",
  ]) {
    await choose(page, { task });
    const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
    t.is(scrollWidth, clientWidth, task);
  }
  await page.getByRole("button", { name: "Dark" }).click();
  t.is(await page.getByRole("button", { name: "Dark" }).getAttribute("aria-pressed"), "true");
  t.deepEqual(await violations(page), []);
});

test("nothing was written on the console as an error", (t) => {
  t.deepEqual(t.context.errors, []);
});
