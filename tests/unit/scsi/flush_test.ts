import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import { flush } from "../../../lib/scsi/flush.ts";
import { WRITE_ERROR } from "../../../lib/scsi/sense.ts";
import { unitOf } from "../../support/scsi.ts";

Deno.test("A122 flush: resolves with nothing once the device has flushed", async () => {
  const unit = unitOf();
  assert.equal(await flush(unit), undefined);
  assert.equal(unit.device.flushes, 1);
  assert.equal(unit.fenced, undefined);
});

Deno.test("A124 flush: a failure fences the unit, whatever kind it is, and is not tried again", async () => {
  for (const kind of ["medium", "no-space", "gone", "fenced"] as const) {
    const unit = unitOf();
    unit.device.failure = new DeviceError(kind, "the disk failed");
    assert.equal(await flush(unit), WRITE_ERROR);
    unit.device.failure = undefined;
    assert.equal(await flush(unit), WRITE_ERROR);
    assert.equal(unit.device.flushes, 0);
    assert.match(unit.fenced ?? "", /the disk failed/);
  }
});

Deno.test("A124 flush: one that runs beside a failing one does not claim success", async () => {
  const unit = unitOf();
  const ends: PromiseWithResolvers<void>[] = [];
  unit.device.flush = () => {
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  };
  const first = flush(unit);
  const second = flush(unit);
  ends[0]!.reject(new DeviceError("medium", "the disk failed"));
  assert.equal(await first, WRITE_ERROR);
  ends[1]!.resolve();
  assert.equal(await second, WRITE_ERROR);
});

Deno.test("flush: the first reason of a fence stays", async () => {
  const unit = unitOf();
  const failures = ["first", "second"].map((text) => new DeviceError("medium", text));
  unit.device.flush = () => Promise.reject(failures.shift());
  await Promise.all([flush(unit), flush(unit)]);
  assert.match(unit.fenced ?? "", /first/);
});

Deno.test("flush: our own bugs are not taken for a failure of the device", async () => {
  const unit = unitOf();
  unit.device.flush = () => Promise.reject(new TypeError("a bug"));
  await assert.rejects(flush(unit), TypeError);
  assert.equal(unit.fenced, undefined);
});
