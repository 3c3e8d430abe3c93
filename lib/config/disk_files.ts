/**
 * The files that disks are kept in, as the control plane sees them: made, looked at, opened,
 * deleted.
 */
import type { BlockDevice } from "../block/device.ts";
import type { Logger } from "../runtime/logger.ts";
import type { GivenSurroundings } from "../vhd/surroundings.ts";
import type { Progress } from "./facts.ts";
import type { FoundDisk } from "./operations/declare_disk.ts";
import type { DeclaredDisk } from "./schema.ts";

/** How work on a file that takes long is watched. */
export interface CreateOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Calls it off; the file is as it was, and one that was being made is deleted. */
  readonly signal?: AbortSignal | undefined;
}

export interface GrowthOptions extends CreateOptions {
  /** Awaited once the space is there, before the disk is larger; it may still call it off. */
  readonly ready?: (() => Promise<void>) | undefined;
}

/** What the operator says of the parent of a differencing VHD. */
export interface AskedParent {
  readonly parent?: string | undefined;
  /** It is taken as it is, though it was written to since its child was made. */
  readonly force?: boolean | undefined;
}

/** Every failure is a ControlError that names the file. */
export interface DiskFiles {
  /** What VHDs are made and opened with; this machine's without. */
  readonly around?: GivenSurroundings;
  /** The one path of the file, links resolved; of a new file, the one that it will have. */
  locate(path: string): Promise<string>;
  /** Makes the file and answers the UUID written in it, if its format has one. */
  create(disk: DeclaredDisk, options: CreateOptions): Promise<string | undefined>;
  /** Looks at an existing file. */
  look(path: string, parent?: AskedParent): Promise<FoundDisk>;
  /**
   * Opens the disk for as long as the service runs; a second opening is refused. `logger` is told
   * what happens to it then.
   */
  open(disk: DeclaredDisk, logger?: Logger): Promise<BlockDevice>;
  /** Makes the disk of a file that nobody has open larger. */
  grow(disk: DeclaredDisk, size: number, options: GrowthOptions): Promise<void>;
  delete(path: string): Promise<void>;
}
