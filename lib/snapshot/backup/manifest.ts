/**
 * What one backup consists of. It is written last and as a whole: a backup is there from then on,
 * and never before. A digest over it tells damage from truth.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { BackupError } from "./backup_error.ts";
import { chunkCount } from "./chunk.ts";

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

const Manifest = z.strictObject({
  format: z.literal("sanctl backup"),
  version: z.literal(1),
  /** When it was taken, as `20261125T101500Z`; names the backup within its folder. */
  id: z.string().regex(/^\d{8}T\d{6}Z(-\d+)?$/),
  disk: z.strictObject({ name: z.string().min(1).max(255), uuid: z.guid() }),
  takenAt: z.iso.datetime(),
  /** The snapshot that it was made of, by which the next backup knows what changed since. */
  snapshot: z.guid().optional(),
  description: z.string().max(255),
  /** Octets of the disk. */
  size: z.int().positive(),
  chunkLength: z.int().positive(),
  /** `incremental`: chunks that earlier backups hold were not stored again. */
  kind: z.enum(["full", "incremental"]),
  /** Chunks that this backup added, and their octets. */
  stored: z.strictObject({ chunks: z.int().min(0), octets: z.int().min(0) }),
  /** One for each chunk of the disk, in order; null for zeros. */
  chunks: z.array(Hash.nullable()),
});

export type Manifest = z.infer<typeof Manifest>;

const Signed = z.strictObject({ manifest: Manifest, sha256: Hash });

/** The manifest as its file holds it. */
export function emitManifest(manifest: Manifest): Uint8Array {
  const signed = { manifest, sha256: digestOf(manifest) };
  return new TextEncoder().encode(`${JSON.stringify(signed)}\n`);
}

/** Reads a manifest; fails with a BackupError that says what is wrong with it. */
export function parseManifest(path: string, octets: Uint8Array): Manifest {
  const result = Signed.safeParse(parse(path, octets));
  if (!result.success) {
    const { path: at, message } = result.error.issues[0]!;
    throw damaged(path, `${at.join(".") || "the whole"}: ${message}`, result.error);
  }
  const { manifest, sha256 } = result.data;
  if (digestOf(manifest) !== sha256) throw damaged(path, "its digest is of something else");
  if (manifest.chunks.length !== chunkCount(manifest.size, manifest.chunkLength)) {
    throw damaged(path, "it has another number of chunks than its disk");
  }
  return manifest;
}

function parse(path: string, octets: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(octets));
  } catch (error) {
    throw damaged(path, "it is not JSON", error);
  }
}

function digestOf(manifest: Manifest): string {
  return createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
}

function damaged(path: string, why: string, cause?: unknown): BackupError {
  return new BackupError(
    "damaged",
    `the manifest ${path} is damaged: ${why}`,
    "the other backups of the folder can be used; make a new one",
    { cause },
  );
}

/** The name of a backup taken at that moment, which none of `taken` has. */
export function backupId(at: Date, taken: ReadonlySet<string>): string {
  const second = at.toISOString().replace(/[-:]|\.\d+/g, "");
  for (let n = 1;; n++) {
    const id = n === 1 ? second : `${second}-${n}`;
    if (!taken.has(id)) return id;
  }
}
