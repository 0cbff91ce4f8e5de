/**
 * Whether a page may open a socket. A browser lets any page connect to any server, and names the page's origin; so
 * without this check every site that a user visits could use a server on the user's own machine.
 *
 * @param origin of the page; programs that are no browsers send none, and may connect
 * @param host as the request's Host names this server
 * @param allowed other origins that may connect, such as `https://example.org`; "*": all
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes("*") || allowed.includes(origin)) return true;
  // "null" is what sandboxed pages and files send. The scheme is not compared: a proxy may have ended TLS.
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

/** The origins of a setting, which are separated by commas. */
export function readOrigins(setting: string): string[] {
  return setting
    .split(",")
    .map((origin) => origin.trim())
    .filter((origin) => origin !== "");
}
