/** Programs that we did not write judge partition tables and file systems on an image file. */
import assert from "node:assert/strict";
import { peer, runPeer } from "./peer.ts";

export interface JudgedPartition {
  readonly number: number;
  readonly start: number;
  readonly size: number;
}

/** sfdisk, parted and, of a GPT, sgdisk find no fault with the table; answers what sfdisk lists. */
export async function judgeTable(image: string, scheme: "mbr" | "gpt"): Promise<string> {
  const verified = await peer("sfdisk", "--verify", image);
  assert.match(verified, /No errors detected/);
  const printed = await peer("parted", "-s", "-m", image, "unit", "B", "print");
  assert.match(printed, scheme === "gpt" ? /:gpt:/ : /:msdos:/);
  if (scheme === "gpt") assert.match(await peer("sgdisk", "-v", image), /No problems found/);
  return await peer("sfdisk", "--list", image);
}

/** What `blkid` knows the partition as: `TYPE=ext4`, `LABEL=…`. */
export async function probe(image: string, { start, size }: JudgedPartition): Promise<string> {
  return await peer("blkid", "-p", "-O", String(start), "-S", String(size), "-o", "export", image);
}

const CHECKS: Readonly<Record<string, readonly string[]>> = {
  ext4: ["fsck.ext4", "-f", "-n"],
  vfat: ["fsck.vfat", "-n", "-v"],
  ntfs: ["ntfsfix", "-n"],
  exfat: ["fsck.exfat", "-n"],
};

/** The file system's own checker finds nothing to mend in the partition. */
export async function checkFileSystem(
  image: string,
  { start, size }: JudgedPartition,
  fileSystem: string,
): Promise<void> {
  const part = `${image}.part`;
  try {
    await cut(image, start, size, part);
    const [program, ...args] = CHECKS[fileSystem]!;
    const { exitCode, stdout, stderr } = await runPeer(program!, [...args, part]);
    assert.equal(exitCode, 0, `${program}: ${stdout}${stderr}`);
  } finally {
    await Deno.remove(part);
  }
}

/** Part of a file as one of its own. */
async function cut(image: string, start: number, size: number, part: string): Promise<void> {
  using from = await Deno.open(image);
  using to = await Deno.open(part, { write: true, createNew: true });
  await from.seek(start, Deno.SeekMode.Start);
  const octets = new Uint8Array(1 << 20);
  for (let left = size; left > 0;) {
    const count = (await from.read(octets.subarray(0, Math.min(left, octets.length))))!;
    for (let done = 0; done < count;) done += await to.write(octets.subarray(done, count));
    left -= count;
  }
}
