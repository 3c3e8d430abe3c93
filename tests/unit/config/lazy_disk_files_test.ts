import assert from "node:assert/strict";
import { LazyDiskFiles } from "../../../lib/config/lazy_disk_files.ts";
import { planDisk } from "../../../lib/config/operations/declare_disk.ts";
import { MemoryDiskFiles } from "./memory_disk_files.ts";

Deno.test("LazyDiskFiles: loads nothing until a file is touched, then hands all of it on", async () => {
  const real = new MemoryDiskFiles();
  let loads = 0;
  const files = new LazyDiskFiles(() => {
    loads++;
    return Promise.resolve(real);
  });
  assert.equal(loads, 0);
  const disk = planDisk({ path: "/d/a.img", size: 4096 });
  assert.equal(await files.locate("/d/a.img"), "/d/a.img");
  assert.equal(loads, 1);
  const told: number[] = [];
  await files.create(disk, { onProgress: ({ done }) => told.push(done) });
  assert.deepEqual(told, [2048, 4096]);
  assert.equal((await files.look("/d/a.img")).size, 4096);
  const device = await files.open(disk);
  assert.deepEqual([...real.open_], ["/d/a.img"]);
  await device.close();
  await files.delete("/d/a.img");
  await assert.rejects(files.look("/d/a.img"), /there is no/);
});
