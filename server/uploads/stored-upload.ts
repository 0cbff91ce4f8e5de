/** What may be uploaded. */
export const CONTENT_TYPES = [
  "image/png",
  "image/jpeg",
  "image/webp",
  "application/x-float32", // channels first, little endian
] as const;

export type ContentType = (typeof CONTENT_TYPES)[number];

/** An upload that can be used. */
export interface StoredUpload {
  readonly contentType: ContentType;
  /** Not to be changed. Stays as it is after the upload has expired. */
  readonly bytes: Uint8Array;
}

/** Where requests look for uploads. */
export interface Uploads {
  /** @returns undefined where the tenant has none of this id: unknown, another tenant's, or expired */
  find(tenant: string, id: string): StoredUpload | undefined;
}
