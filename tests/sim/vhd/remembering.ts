/** Looks at what crashes leave, each state once: workloads begin alike, and leave the same. */
import { createHash } from "node:crypto";
import type { Content, SimState } from "../../support/sim_files.ts";

/** What is found in files that a crash left, once they are opened. */
export type Examine<T> = (state: SimState, bootId: string) => Promise<T>;

const MOST_REMEMBERED = 200_000;

/** Answers from memory what the same files held before. */
export function remembering<T>(examine: Examine<T>): Examine<T> {
  const found = new Map<string, T>();
  return async (state, bootId) => {
    const key = digestOf(state, bootId);
    let result = found.get(key);
    if (result === undefined) {
      if (found.size === MOST_REMEMBERED) found.clear();
      result = await examine(state, bootId);
      found.set(key, result);
    }
    return result;
  };
}

function digestOf({ names, files }: SimState, bootId: string): string {
  const hash = createHash("sha1").update(bootId);
  for (const path of [...names.keys()].sort()) {
    hash.update(`${path} ${digestOfContent(files.get(names.get(path)!)!)}`);
  }
  return hash.digest("base64");
}

/** Of octets that many states share. */
const digests = new WeakMap<Uint8Array, string>();

function digestOfContent({ octets, length, modified }: Content): string {
  let digest = digests.get(octets);
  if (digest === undefined) {
    digest = createHash("sha1").update(octets.subarray(0, length)).digest("base64");
    digests.set(octets, digest);
  }
  return `${digest} ${length} ${modified}`;
}
