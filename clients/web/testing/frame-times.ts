import type { Page } from "playwright-core";

/**
 * Times between two frames of a page, in ms: for as long as it is told, or until a job is done.
 *
 * @param idleMs how long, for "idle"
 */
export async function frameTimes(
  page: Page,
  until: "idle" | "done",
  idleMs: number,
): Promise<number[]> {
  return await page.evaluate(
    ([waitFor, ms]) =>
      new Promise<number[]>((resolve) => {
        const times: number[] = [];
        const begun = performance.now();
        let last = begun;
        const frame = (now: number): void => {
          times.push(now - last);
          last = now;
          const isOver =
            waitFor === "idle"
              ? now - begun > (ms as number)
              : document.querySelector('article.job[data-state="done"]') !== null;
          if (isOver) resolve(times.slice(1));
          else requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
      }),
    [until, idleMs] as const,
  );
}
