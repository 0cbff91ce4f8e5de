/** Such as "about 12 s", "about 3 min". */
export function describeMs(ms: number): string {
  const short = shortMs(ms);
  return short.startsWith("<") ? "under 1 s" : `about ${short}`;
}

/** The same where there is little room: "12 s", "3 min". */
export function shortMs(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 1) return "< 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
