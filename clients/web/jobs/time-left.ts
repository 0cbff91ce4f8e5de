/** Work that goes on at an even pace from here, in ms; undefined before anything is known. */
export function timeLeftMs(elapsedMs: number, fraction: number): number | undefined {
  if (!(fraction > 0)) return undefined;
  return (elapsedMs * (1 - fraction)) / fraction;
}

/** Such as "about 12 s", "about 3 min". */
export function describeMs(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `about ${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `about ${Math.round(seconds / 60)} min`;
  return `about ${Math.round(seconds / 3600)} h`;
}
