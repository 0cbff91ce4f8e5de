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
  /** For the connections to come, in turn: bytes that the server may send before the connection is cut, wherever they end. */
  readonly allowances: number[];
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
    let allowance = proxy.allowances.shift() ?? Number.POSITIVE_INFINITY;
    far.on("data", (bytes) => {
      const passed = proxy.losesAnswer ? bytes.subarray(0, 0) : bytes.subarray(0, allowance);
      allowance -= passed.length;
      if (passed.length === bytes.length) {
        near.write(passed);
        return;
      }
      proxy.losesAnswer = false;
      // Ended and not reset: what is allowed must arrive.
      near.end(passed, () => near.destroy());
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
        if (!other.writableEnded) other.destroy();
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
    allowances: [],
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
