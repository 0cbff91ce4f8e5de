import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the build puts the page: dist/clients/web/public beside dist/server. */
export const PAGE_FOLDER: string = fileURLToPath(
  new URL("../../clients/web/public", import.meta.url),
);

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".map": "application/json; charset=utf-8",
};

/** The page loads its own files, talks to its own origin, shows pictures that it made, and nothing else. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** A file whose name has the hash of what is in it never changes; any other is asked for again. */
const HASHED = /-[A-Z0-9]{8}\.\w+(\.map)?$/;

/** A file of the page, ready to be sent. */
export interface PageFile {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Every path that answers with a file. What is not in here can't be asked for, whatever the path says. */
export type Page = ReadonlyMap<string, PageFile>;

/**
 * Reads the whole page into memory: some 200 kB.
 *
 * @param folder flat, with an index.html, which is also "/"; one that is not there is a page without files
 */
export async function readPage(folder: string = PAGE_FOLDER): Promise<Page> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const files = await Promise.all(names.map((name) => readPageFile(folder, name)));
  const page = new Map(names.map((name, i) => [`/${name}`, files[i] as PageFile]));
  const index = page.get("/index.html");
  if (index !== undefined) page.set("/", index);
  return page;
}

async function readPageFile(folder: string, name: string): Promise<PageFile> {
  const bytes = await readFile(join(folder, name));
  const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 27)}"`;
  return {
    bytes,
    headers: {
      "content-type": TYPES[extname(name)] ?? "application/octet-stream",
      "cache-control": HASHED.test(name) ? "public, max-age=31536000, immutable" : "no-cache",
      etag,
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  };
}

/** Answers GET or HEAD; with 304 where the caller has the file already. */
export function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, headers }: PageFile,
): void {
  if (has(request.headers["if-none-match"], headers.etag ?? "")) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, "content-length": bytes.length });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

/** Whether If-None-Match names the tag; a proxy that recoded the answer has made it a weak one. */
function has(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch?.trim() === "*") return true;
  const tags = ifNoneMatch?.split(",") ?? [];
  return tags.some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
