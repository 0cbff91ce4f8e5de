/** Runs inside of a server that is measured: answers any message of its parent with its memory after a collection. */
process.on("message", () => {
  globalThis.gc?.();
  globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
// The server is to end as it does without a parent that listens.
process.channel?.unref();
