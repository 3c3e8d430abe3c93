/**
 * One file of a chain: the octets of the disk that it holds. A chain has the disk's own file on
 * top, under it its parent, and so on; what a layer does not hold is in the next one.
 */
import type { FileMedium } from "../block/file_medium.ts";
import type { Footer } from "./footer.ts";

/** Sectors of the disk of which a layer says whether it holds them. */
export interface Presence {
  /** Of the disk. */
  readonly firstSector: number;
  readonly sectorCount: number;
  /** Where in the file the octets are whose bits tell, high bits first; undefined: it holds all. */
  readonly bitmap: { readonly position: number; readonly length: number } | undefined;
}

export interface Layer {
  readonly medium: FileMedium;
  readonly footer: Footer;
  /** Octets of the disk as this file has it: behind them it holds nothing. */
  readonly size: number;
  /** What tells of the range; sectors that are in none are not held. */
  presence(offset: number, length: number): Iterable<Presence>;
  /** Reads a range that the layer holds, unless that would wait. */
  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean;
  read(offset: number, into: Uint8Array, at: number, length: number): Promise<void>;
  /** The data or hole of the file in which an octet of the disk is that the layer holds. */
  fileRun(offset: number): { readonly mapped: boolean; readonly length: number };
}
