/** A file system that is soon full. */
import assert from "node:assert/strict";
import { withScratch } from "./executable.ts";

/** Gives `use` a folder that is a tmpfs of 16 MiB, which only root can make. */
export async function onSmallFileSystem(use: (folder: string) => Promise<void>): Promise<void> {
  await withScratch(async (folder) => {
    await run("mount", "-t", "tmpfs", "-o", "size=16M", "sanctl-test", folder);
    try {
      await use(folder);
    } finally {
      await run("umount", folder);
    }
  });
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
