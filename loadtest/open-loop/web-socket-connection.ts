import { once } from "node:events";
import { WebSocket } from "ws";
import { ClientFrame, ServerFrame } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Connection, Listener } from "./connection.ts";

/** A request that has not ended, and its job once the server has told it. */
interface Running extends Listener {
  jobId: string;
  /** Cancelled before the job had an id. */
  unwanted: boolean;
}

/**
 * Binary frames over one socket. A pause is the socket's: of all its jobs.
 *
 * @param url such as ws://127.0.0.1:8080/v1/stream
 */
export async function webSocketConnection(url: string): Promise<Connection> {
  const socket = new WebSocket(url, { maxPayload: 0, perMessageDeflate: false });
  socket.binaryType = "nodebuffer";
  await once(socket, "open");
  const running = new Map<string, Running>();
  let requests = 0;
  const send = (frame: ClientFrame): void => socket.send(ClientFrame.encode(frame).finish());
  const cancel = (jobId: string): void =>
    send({ id: `cancel-${jobId}`, request: { $case: "cancel", value: { jobId, rows: [] } } });

  socket.on("message", (bytes: Buffer) => {
    const { id, response } = ServerFrame.decode(bytes);
    const job = running.get(id);
    if (job === undefined) return;
    if (response?.$case === "event") {
      const event = response.value;
      if (job.jobId === "" && job.unwanted) cancel(event.jobId);
      job.jobId = event.jobId;
      job.onEvent(event);
      if (event.event?.$case !== "completed") return;
      running.delete(id);
      job.onEnd(undefined);
    } else if (response?.$case === "error") {
      running.delete(id);
      job.onEnd(response.value.code);
    }
  });
  socket.on("error", () => {}); // it closes
  socket.on("close", () => {
    const lost = [...running.values()];
    running.clear();
    for (const { onEnd } of lost) onEnd("connection-lost");
  });

  return {
    start(request, listener) {
      const id = String(requests++);
      const job: Running = { ...listener, jobId: "", unwanted: false };
      running.set(id, job);
      send({ id, request });
      return {
        cancel() {
          job.unwanted = true;
          if (job.jobId !== "" && socket.readyState === WebSocket.OPEN) cancel(job.jobId);
        },
        pause: () => socket.pause(),
        resume: () => socket.resume(),
      };
    },
    close: () => socket.close(),
  };
}
