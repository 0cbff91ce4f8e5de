import { announce } from "../announce.ts";
import type { JobRun } from "../jobs/job-run.ts";

/** What can be known of an image of a job, and done about it, beside what its row says. */
export interface ImageControl {
  /** Until its end, in ms; undefined: not known. */
  leftMs(image: number): number | undefined;
  /** It was asked to end, and has not yet. */
  isCancelling(image: number): boolean;
  /** It can be asked to end. */
  canCancel(image: number): boolean;
  /** @param name of the image, for those who listen to the page */
  cancel(image: number, name: string): void;
}

function isCancelling({ ended, cancelling, cancellingImages }: JobRun, image: number): boolean {
  return !ended && (cancelling || cancellingImages.has(image));
}

export function controlOf(run: JobRun): ImageControl {
  return {
    leftMs: (image) => run.leftMsOf(image),
    isCancelling: (image) => isCancelling(run, image),
    canCancel: (image) => run.state.id !== "" && !run.ended && !isCancelling(run, image),
    cancel: (image, name) => {
      void run.cancelImage(image).then((cancelled) => {
        announce(cancelled ? `${name}: cancelled` : `${name}: had already ended`);
      });
    },
  };
}
