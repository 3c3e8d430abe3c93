import assert from "node:assert/strict";
import { parseDiskPlace } from "../../../lib/initiator_service/disk_place.ts";

const IQN = "iqn.2026-01.com.example:mail";

const CASES: readonly [text: string, kind: string, disk: string, partition?: number][] = [
  ["mail/0", "device", "mail/0"],
  ["mail/0:2", "device", "mail/0", 2],
  [`${IQN}/0`, "device", `${IQN}/0`],
  [`${IQN}/0:1`, "device", `${IQN}/0`, 1],
  ["naa.600140512345678", "device", "naa.600140512345678"],
  ["/dev/sdb", "path", "/dev/sdb"],
  ["./x.img:3", "path", "./x.img", 3],
  ["../x.img", "path", "../x.img"],
  ["x.img", "device", "x.img"],
  [`iscsi://192.0.2.1:3260/${IQN}/0`, "url", `iscsi://192.0.2.1:3260/${IQN}/0`],
  [`iscsi://192.0.2.1:3260/${IQN}/0:12`, "url", `iscsi://192.0.2.1:3260/${IQN}/0`, 12],
  ["nbd://localhost:10809", "url", "nbd://localhost:10809"],
  ["nbd://localhost:10809/x:1", "url", "nbd://localhost:10809/x", 1],
  ["nbd+unix:///x?socket=/run/s:1", "url", "nbd+unix:///x?socket=/run/s", 1],
  ["file:/tmp/x.img:4", "url", "file:/tmp/x.img", 4],
  ["file:/tmp/x:0", "url", "file:/tmp/x:0"],
];

Deno.test("parseDiskPlace() tells devices, paths, URLs and partitions from one another", () => {
  for (const [text, kind, disk, partition] of CASES) {
    assert.deepEqual(parseDiskPlace(text), { kind, disk, partition }, text);
  }
});
