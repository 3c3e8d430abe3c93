/**
 * The backups of one disk in a folder: a manifest for each, and packs of chunks that they share.
 * Locked for as long as it is open; whatever is not a whole pack or a manifest is no backup.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { replaceFile } from "../../block/durable_file.ts";
import { syncDirectory } from "../../block/sync_directory.ts";
import { BackupError } from "./backup_error.ts";
import { chunkLengthFor } from "./chunk.ts";
import { backupId, emitManifest, type Manifest, parseManifest } from "./manifest.ts";
import type { PackIdentity } from "./pack_layout.ts";
import { Packs } from "./packs.ts";
import { PackWriter } from "./pack_writer.ts";

const IDENTITY = "disk.json";
const LOCK = "lock";
const UNFINISHED = "unfinished.partial";
const PACK = ".pack";
const MANIFEST = ".manifest";

const Identity = z.strictObject({
  format: z.literal("sanctl backups of a disk"),
  version: z.literal(1),
  name: z.string().min(1).max(255),
  uuid: z.guid(),
  chunkLength: z.int().positive(),
});
type Identity = z.infer<typeof Identity>;

/** As its file holds it: a digest tells damage from truth. */
const Signed = z.strictObject({ identity: Identity, sha256: z.string() });

/** The disk that is backed up. */
export interface BackedUpDisk {
  readonly name: string;
  readonly uuid: string;
  readonly size: number;
}

export class BackupFolder {
  readonly path: string;
  /** Oldest first. */
  readonly manifests: readonly Manifest[];
  /** What in the folder cannot be used. */
  readonly flaws: readonly BackupError[];
  readonly packs: Packs;
  readonly #identity: Identity;
  readonly #lock: Deno.FsFile;
  /** Files in it, whole or damaged. */
  readonly #names: readonly string[];

  private constructor(
    path: string,
    identity: Identity,
    lock: Deno.FsFile,
    names: readonly string[],
    contents: Pick<BackupFolder, "manifests" | "flaws" | "packs">,
  ) {
    this.path = path;
    this.#identity = identity;
    this.manifests = contents.manifests;
    this.flaws = contents.flaws;
    this.packs = contents.packs;
    this.#lock = lock;
    this.#names = names;
  }

  /** Opens the folder of the disk, made if it is not there. */
  static async forDisk(path: string, disk: BackedUpDisk): Promise<BackupFolder> {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    const lock = await takeLock(path, true);
    try {
      const identity = await readIdentity(path) ?? await begin(path, disk);
      if (identity.uuid !== disk.uuid) throw ofAnother(path, disk.name);
      const current = { ...identity, name: disk.name };
      if (identity.name !== disk.name) await writeIdentity(path, current);
      return await BackupFolder.#load(path, current, lock);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** Opens what is there; undefined if these are no backups. */
  static async open(
    path: string,
    options: { readonly exclusive?: boolean } = {},
  ): Promise<BackupFolder | undefined> {
    const identity = await readIdentity(path);
    if (identity === undefined) return undefined;
    const lock = await takeLock(path, options.exclusive ?? false);
    try {
      return await BackupFolder.#load(path, identity, lock);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** The disk's name when it was backed up last. */
  get name(): string {
    return this.#identity.name;
  }

  get uuid(): string {
    return this.#identity.uuid;
  }

  get chunkLength(): number {
    return this.#identity.chunkLength;
  }

  static async #load(
    path: string,
    identity: Identity,
    lock: Deno.FsFile,
  ): Promise<BackupFolder> {
    const flaws: BackupError[] = [];
    const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
    const of = (kind: string) =>
      names.filter((each) => each.endsWith(kind)).map((name) => `${path}/${name}`);
    const manifests = await readManifests(of(MANIFEST), (error) => flaws.push(error));
    const packs = await Packs.load(
      of(PACK),
      packIdentity(identity),
      (error) => flaws.push(error),
    );
    return new BackupFolder(path, identity, lock, names, { manifests, flaws, packs });
  }

  /** The backup of that name, or the latest. */
  find(id?: string): Manifest {
    const found = id === undefined
      ? this.manifests.at(-1)
      : this.manifests.find((each) => each.id === id);
    if (found !== undefined) return found;
    throw new BackupError(
      "not-found",
      id === undefined ? `${this.path} holds no backup` : `${this.path} holds no backup ${id}`,
      "sanctl backup list shows what there is",
    );
  }

  /**
   * A name for a backup that is made at this time: no file has it, not even the pack of a backup
   * that is gone, since others may need what is in it.
   */
  newId(at: Date): string {
    const taken = new Set(this.#names.map((name) => name.replace(/(-moved)?\.[a-z]+$/, "")));
    return backupId(at, taken);
  }

  /** The pack that is being written. */
  writer(): Promise<PackWriter> {
    return PackWriter.open(`${this.path}/${UNFINISHED}`, packIdentity(this.#identity));
  }

  packPath(id: string): string {
    return `${this.path}/${id}${PACK}`;
  }

  /** From when it resolves, the backup is there. */
  async addManifest(manifest: Manifest): Promise<void> {
    await replaceFile(`${this.path}/${manifest.id}${MANIFEST}`, emitManifest(manifest));
  }

  async removeManifests(manifests: readonly Manifest[]): Promise<void> {
    for (const { id } of manifests) await Deno.remove(`${this.path}/${id}${MANIFEST}`);
    await syncDirectory(this.path);
  }

  async close(): Promise<void> {
    try {
      await this.packs.close();
    } finally {
      this.#lock.close();
    }
  }
}

/** A folder that holds backups of a disk. */
export interface FoundFolder {
  readonly path: string;
  /** What its disk was called when it was backed up last. */
  readonly name: string;
  readonly uuid: string;
}

/** The folders below `directory` that hold backups, by path. */
export async function backupFoldersIn(directory: string): Promise<FoundFolder[]> {
  const folders: FoundFolder[] = [];
  for await (const entry of Deno.readDir(directory)) {
    if (!entry.isDirectory) continue;
    const path = `${directory}/${entry.name}`;
    const identity = await readIdentity(path);
    if (identity !== undefined) folders.push({ path, name: identity.name, uuid: identity.uuid });
  }
  return folders.sort((one, other) => one.path < other.path ? -1 : 1);
}

/**
 * Where the backups of a disk are, or are to be: in the folder that has its UUID, whatever it was
 * called then, and else in one of its name.
 */
export async function folderOf(directory: string, disk: BackedUpDisk): Promise<string> {
  const named = `${directory}/${disk.name}`;
  try {
    // A damaged one of another disk does not matter here.
    for await (const entry of Deno.readDir(directory)) {
      if (!entry.isDirectory) continue;
      const path = `${directory}/${entry.name}`;
      const identity = await readIdentity(path).catch(() => undefined);
      if (identity?.uuid === disk.uuid) return path;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return named;
}

/** Reads every manifest of the folder; what is damaged is noted among the flaws. */
async function readManifests(
  paths: readonly string[],
  onDamaged: (error: BackupError) => void,
): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const path of paths) {
    try {
      manifests.push(parseManifest(path, await Deno.readFile(path)));
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      onDamaged(error);
    }
  }
  return manifests.sort((a, b) => a.takenAt < b.takenAt ? -1 : a.takenAt > b.takenAt ? 1 : 0);
}

function packIdentity({ chunkLength, uuid }: Identity): PackIdentity {
  return { chunkLength, uuid: Uint8Array.fromHex(uuid.replaceAll("-", "")) };
}

async function readIdentity(path: string): Promise<Identity | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(`${path}/${IDENTITY}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    const { identity, sha256 } = Signed.parse(JSON.parse(text));
    if (sha256 !== digestOf(identity)) throw new Error("its digest is of something else");
    return identity;
  } catch (cause) {
    throw new BackupError(
      "damaged",
      `${path}/${IDENTITY} is damaged`,
      "put it back from a copy, or back up into another folder",
      { cause },
    );
  }
}

function digestOf(identity: Identity): string {
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex");
}

async function begin(path: string, { name, uuid, size }: BackedUpDisk): Promise<Identity> {
  const identity: Identity = {
    format: "sanctl backups of a disk",
    version: 1,
    name,
    uuid,
    chunkLength: chunkLengthFor(size),
  };
  await writeIdentity(path, identity);
  return identity;
}

async function writeIdentity(path: string, identity: Identity): Promise<void> {
  await replaceFile(
    `${path}/${IDENTITY}`,
    new TextEncoder().encode(`${JSON.stringify({ identity, sha256: digestOf(identity) })}\n`),
  );
}

async function takeLock(path: string, exclusive: boolean): Promise<Deno.FsFile> {
  const file = await Deno.open(`${path}/${LOCK}`, {
    read: true,
    write: true,
    create: true,
    mode: 0o600,
  });
  if (file.tryLockSync(exclusive)) return file;
  file.close();
  throw new BackupError(
    "in-use",
    `the backups in ${path} are in use by another command`,
    "wait until it is done",
  );
}

function ofAnother(path: string, name: string): BackupError {
  return new BackupError(
    "foreign",
    `${path} holds backups of another disk than ${name}`,
    "choose another directory",
  );
}
