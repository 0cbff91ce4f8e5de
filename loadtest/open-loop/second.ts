/** What happened in one second of the run, of all jobs, counted or not. */
export interface Second {
  /** 0 is the first. */
  readonly second: number;
  scheduled: number;
  completed: number;
  /** Ended in another way than by completing. */
  failed: number;
  /** Jobs that had begun and not ended when the second ended. */
  inFlight: number;
  /** Results that came: pictures, latents, likelihoods. */
  results: number;
  /** Of these, the pictures. */
  images: number;
  /** Network evaluations that progress told of. */
  evaluations: number;
  /** From the scheduled time to completion, in ms, of the jobs that completed in it. */
  readonly totalsMs: number[];
}

export function newSecond(second: number): Second {
  return {
    second,
    scheduled: 0,
    completed: 0,
    failed: 0,
    inFlight: 0,
    results: 0,
    images: 0,
    evaluations: 0,
    totalsMs: [],
  };
}

/** The same second in several processes. */
export function together(seconds: readonly Second[]): Second {
  const sum = newSecond(seconds[0]?.second ?? 0);
  for (const second of seconds) {
    sum.scheduled += second.scheduled;
    sum.completed += second.completed;
    sum.failed += second.failed;
    sum.inFlight += second.inFlight;
    sum.results += second.results;
    sum.images += second.images;
    sum.evaluations += second.evaluations;
    sum.totalsMs.push(...second.totalsMs);
  }
  return sum;
}
