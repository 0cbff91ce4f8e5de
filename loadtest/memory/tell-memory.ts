/**
 * Runs inside of a server that is measured: answers any message of its parent with its memory after a collection. A plain full
 * one leaves the pages that it has emptied to the process, megabytes whatever there are of jobs; V8's last resort, which is
 * what it does when memory runs out, gives them back.
 */
const LAST_RESORT = { type: "major", execution: "sync", flavor: "last-resort" } as const;

process.on("message", () => {
  globalThis.gc?.(LAST_RESORT);
  process.send?.(process.memoryUsage());
});
// The server is to end as it does without a parent that listens.
process.channel?.unref();
