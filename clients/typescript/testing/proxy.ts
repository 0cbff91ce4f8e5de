import { once } from "node:events";
import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";

/** A TCP proxy whose connections a test can cut. */
export interface CuttableProxy {
  /** Host and port. */
  readonly address: string;
  /** Connections that were made so far. */
  readonly connections: number;
  /** Where new connections go; undefined: they are reset. */
  target: string | undefined;
  /** Connections that were reset because there was no target. */
  readonly refused: number;
  /** Cuts a connection at the next bytes that its server sends, which are lost; then it is false again. */
  losesAnswer: boolean;
  /** Resets every connection, on both sides, with whatever is on its way. New ones are taken. */
  cut(): void;
  close(): Promise<void>;
}

/** @param target host and port */
export async function startProxy(target?: string): Promise<CuttableProxy> {
  const open = new Set<Socket>();
  let connections = 0;
  let refused = 0;
  const server = createServer((near) => {
    if (proxy.target === undefined) {
      refused++;
      near.resetAndDestroy();
      return;
    }
    connections++;
    const [host = "", port = ""] = proxy.target.split(":");
    const far = dial(Number(port), host);
    near.on("data", (bytes) => far.write(bytes));
    far.on("data", (bytes) => {
      if (!proxy.losesAnswer) {
        near.write(bytes);
        return;
      }
      proxy.losesAnswer = false;
      near.resetAndDestroy();
      far.resetAndDestroy();
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const proxy: CuttableProxy = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    get refused() {
      return refused;
    },
    target,
    losesAnswer: false,
    cut() {
      for (const socket of open) socket.resetAndDestroy();
    },
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
