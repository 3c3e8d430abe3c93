/** What the opening and making of VHDs takes from outside; a test brings its own. */
import { type FileStore, osFiles } from "../block/file_store.ts";
import { bootId } from "../runtime/boot_id.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { type Random, systemRandom } from "../runtime/random.ts";
import type { NewDynamicOptions } from "./new_dynamic_image.ts";

export interface Surroundings {
  readonly files: FileStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Which start of the kernel this is. */
  readonly bootId: string | undefined;
  /** False: the C library is left alone, whatever the permissions. */
  readonly ffi: boolean | undefined;
  /** For tests, which need them to be used up soon: records of half a journal. */
  readonly recordsOfHalf?: number | undefined;
  /** And regions that are made at once. */
  readonly regionsOfChunk?: number | undefined;
  /** And small blocks and tables of new children. */
  readonly newChildren?: Pick<NewDynamicOptions, "blockLength" | "growTo"> | undefined;
  /** Told what was put right and what is to be known, a sentence each, with the file's path. */
  readonly notice: (text: string) => void;
}

/** Some of them; the rest is this machine's. */
export type GivenSurroundings = {
  readonly [K in keyof Surroundings]?: Surroundings[K] | undefined;
};

/** This machine's, with what is given in place. */
export function surroundings(given: GivenSurroundings = {}): Surroundings {
  return {
    files: given.files ?? osFiles,
    clock: given.clock ?? systemClock,
    random: given.random ?? systemRandom,
    bootId: "bootId" in given ? given.bootId : bootId(),
    ffi: given.ffi,
    recordsOfHalf: given.recordsOfHalf,
    regionsOfChunk: given.regionsOfChunk,
    newChildren: given.newChildren,
    notice: given.notice ?? (() => {}),
  };
}
