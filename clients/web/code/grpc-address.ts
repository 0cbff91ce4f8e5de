/** The port of gRPC unless the server was told otherwise. */
const DEFAULT_PORT = 50_051;

/** Where the page's own server speaks gRPC. @param location of the page */
export async function grpcAddress({ hostname }: Pick<Location, "hostname">): Promise<string> {
  return `${hostname}:${(await askPort()) ?? DEFAULT_PORT}`;
}

/** @returns undefined where the server can't be reached, or does not say */
async function askPort(): Promise<number | undefined> {
  try {
    const answer = (await (await fetch("server.json")).json()) as { readonly grpcPort?: unknown };
    return typeof answer.grpcPort === "number" ? answer.grpcPort : undefined;
  } catch {
    return undefined;
  }
}
