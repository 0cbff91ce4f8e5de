/** Why this server closes a WebSocket. `ws` itself closes with 1002 (protocol), 1007 (not UTF-8) and 1009 (too big). */
export const CLOSE = {
  /** The server stops: connect again, to this one or another, and watch the jobs. */
  goingAway: 1001,
  /** The reader took nothing for too long: read faster, ask for fewer previews. */
  slowReader: 1008,
} as const;
