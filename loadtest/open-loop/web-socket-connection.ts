import { once } from "node:events";
import { WebSocket } from "ws";
import { ClientFrame, ServerFrame } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Connection, Listener } from "./connection.ts";
import { UNSENT } from "./tally.ts";

/**
 * Binary frames over one socket. A pause is the socket's: of all its jobs.
 *
 * @param url such as ws://127.0.0.1:8080/v1/stream
 */
export async function webSocketConnection(url: string): Promise<Connection> {
  const socket = new WebSocket(url, { maxPayload: 0, perMessageDeflate: false });
  socket.binaryType = "nodebuffer";
  await once(socket, "open");
  const running = new Map<string, Listener>();
  let requests = 0;
  const send = (frame: ClientFrame): void => socket.send(ClientFrame.encode(frame).finish());

  socket.on("message", (bytes: Buffer) => {
    const { id, response } = ServerFrame.decode(bytes);
    const job = running.get(id);
    if (job === undefined) return;
    const end = (code: string | undefined): void => {
      running.delete(id);
      job.onEnd(code);
    };
    if (response?.$case === "event") {
      job.onEvent(response.value);
      if (response.value.event?.$case === "completed") end(undefined);
    } else if (response?.$case === "error") end(response.value.code);
    else if (response?.$case === "left") end("left");
  });
  socket.on("error", () => {}); // it closes
  socket.on("close", () => {
    const lost = [...running.values()];
    running.clear();
    for (const { onEnd } of lost) onEnd("connection-lost");
  });

  return {
    start(request, job) {
      if (socket.readyState !== WebSocket.OPEN) {
        queueMicrotask(() => job.onEnd(UNSENT));
        return { cancel() {}, pause() {}, resume() {} };
      }
      const id = String(requests++);
      running.set(id, job);
      send({ id, request });
      return {
        cancel() {
          if (!running.has(id) || socket.readyState !== WebSocket.OPEN) return;
          send({ id, request: { $case: "leave", value: { forGood: false } } });
        },
        pause: () => socket.pause(),
        resume: () => socket.resume(),
      };
    },
    close: () => socket.close(),
  };
}
