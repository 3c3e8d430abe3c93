/** Takes away what stands on an attached device, so that it can go. */
import { AttachError } from "./attach_error.ts";
import { runProgram } from "../../runtime/program.ts";
import { isFree, type Stack, stackOn } from "./stack.ts";

/** Refuses while something stands on it. */
export function requireFree(path: string): void {
  const stack = stackOn(path);
  if (isFree(stack)) return;
  throw new AttachError("in-use", `${path} is ${textOf(stack)}`, nextOf(stack));
}

/**
 * Takes everything away that stands on it, whoever uses that: what file systems hold is written out
 * first. Answers what was taken, a sentence each.
 */
export async function clearStack(path: string): Promise<string[]> {
  const told: string[] = [];
  for (const swap of stackOn(path).swaps) {
    const off = await succeeds("swapoff", swap);
    told.push(off ? `${swap} is swapped to no more` : `${swap} could not be taken from swapping`);
  }
  for (const mount of stackOn(path).mounts.toReversed()) told.push(await unmount(mount));
  for (const name of stackOn(path).above.toReversed()) {
    const device = `/dev/${name}`;
    const isGone = name.startsWith("loop") && await succeeds("losetup", "-d", device);
    told.push(isGone ? `${device} is gone` : `${device} stands on it still, and fails from now on`);
  }
  return told;
}

async function unmount(mount: string): Promise<string> {
  await runProgram("sync", ["-f", mount]);
  if (await succeeds("umount", mount)) return `${mount} is unmounted`;
  // What was written between is written out too.
  await runProgram("sync", ["-f", mount]);
  if (!await succeeds("umount", "-l", mount)) return `${mount} could not be unmounted`;
  return `${mount} is unmounted; programs that have files open there can write them no more`;
}

async function succeeds(name: string, ...args: string[]): Promise<boolean> {
  return (await runProgram(name, args))?.success ?? false;
}

function textOf({ mounts, swaps, above }: Stack): string {
  if (mounts.length > 0) return `mounted at ${mounts.join(", ")}`;
  if (swaps.length > 0) return "swapped to";
  return `in use by ${above.map((name) => `/dev/${name}`).join(", ")}`;
}

function nextOf({ mounts, swaps, above }: Stack): string {
  const [loop] = above.filter((name) => name.startsWith("loop"));
  const step = mounts.length > 0
    ? `umount ${mounts.at(-1)}`
    : swaps.length > 0
    ? `swapoff ${swaps[0]}`
    : loop === undefined
    ? "take that away"
    : `losetup -d /dev/${loop}`;
  return `${step} first, or add --force, which does that whoever uses it`;
}
