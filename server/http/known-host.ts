import { isIP } from "node:net";
import { hostname } from "node:os";

/**
 * Whether a request's Host is one that this server can have. A page of another site may have its own name lead to this machine
 * once it is loaded (DNS rebinding): then its origin and its Host agree, and only the name gives it away. An address can't be
 * led elsewhere, nor can `localhost`; any other name must be this machine's or one that the operator has named.
 *
 * @param host of the request, with its port
 * @param names further ones that are known, without ports
 */
export function isHostKnown(host: string | undefined, names: readonly string[]): boolean {
  const name = nameOf(host === undefined ? "" : `http://${host}`);
  if (name === undefined) return false;
  if (isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0) return true;
  return name === "localhost" || name.endsWith(".localhost") || names.includes(name);
}

/**
 * The names that `isHostKnown` takes: this machine's, the one that it listens on, those of the origins that are allowed.
 * undefined: whichever, where the operator allows all origins.
 */
export function knownNames(listening: string, origins: readonly string[]): string[] | undefined {
  if (origins.includes("*")) return undefined;
  const urls = [`http://${hostname()}`, `http://${listening}`, ...origins];
  return urls.map(nameOf).filter((name) => name !== undefined);
}

function nameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
