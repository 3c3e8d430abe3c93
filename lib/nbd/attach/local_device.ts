/** What is made of an export besides its URL. */
import type { AttachWay } from "./way.ts";

export interface LocalDevice {
  readonly way: Exclude<AttachWay, "url">;
  /** What programs open. */
  readonly path: string;
  /**
   * Brings to the export what the kernel holds, and takes the device away; nothing stands on it.
   * Refused while programs have it open, unless forced: answers what they lose, a sentence each.
   */
  release(options: { readonly force: boolean }): Promise<string[]>;
}

export interface LocalDeviceOptions {
  /** Where what belongs to it may be kept, and is found when this process is no more. */
  readonly directory: string;
  /** Fit for a file's name. */
  readonly fileName: string;
  readonly exportName: string;
  readonly socket: string;
  readonly url: string;
  readonly readOnly: boolean;
  /** Octets of a block. */
  readonly blockLength: number;
}
