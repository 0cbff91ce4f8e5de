import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** A server's address whose connections can be cut, as a network does it: nobody is told. */
export interface BreakableProxy {
  readonly url: string;
  /** Cuts every connection, and lets no new one through until `mend`. */
  breakAll(): void;
  mend(): void;
  close(): Promise<void>;
}

/** @param target of a server on this machine, such as http://127.0.0.1:8080 */
export async function startBreakableProxy(target: string): Promise<BreakableProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let broken = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((socket) => {
    keep(socket);
    if (broken) {
      socket.destroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    keep(upstream);
    socket.pipe(upstream).pipe(socket);
    socket.on("close", () => upstream.destroy());
    upstream.on("close", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    breakAll() {
      broken = true;
      cut();
    },
    mend() {
      broken = false;
    },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cut();
      return closed;
    },
  };
}
