/**
 * Runs inside of a server that is measured: answers any message of its parent with its memory after a full collection. V8 gives
 * emptied pages back beside what runs, so what is resident is less a moment later.
 */
process.on("message", () => {
  globalThis.gc?.();
  globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
// The server is to end as it does without a parent that listens.
process.channel?.unref();
