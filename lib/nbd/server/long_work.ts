/**
 * Requests without data that take their time: done in slices, so that nobody waits for the whole,
 * and no further once their client is gone. Each answers the error of its reply; what the device
 * throws is told by the caller. doc/proto.md, "Request types".
 */
import type { BlockDevice } from "../../block/device.ts";
import { SLICE_LENGTH, slices, UNMAP_SLICE_LENGTH } from "../../block/slices.ts";
import { CommandFlag, RequestType } from "../messages/request.ts";
import { NbdError } from "../nbd_error.ts";
import type { Export } from "./export.ts";
import type { PendingRequest } from "./pending_request.ts";

/** Extents of one reply, which has to fit in an outbox. */
const MOST_EXTENTS = 4096;

type Life = { readonly aborted: boolean };
type Work = (request: PendingRequest, target: Export, life: Life) => Promise<NbdError>;

const zeros = new Uint8Array(SLICE_LENGTH);
/** Where what is read into the page cache goes: nobody looks at it. */
const scratch = new Uint8Array(SLICE_LENGTH);

async function flush(_: PendingRequest, target: Export): Promise<NbdError> {
  await target.flush();
  return NbdError.NONE;
}

async function trim(request: PendingRequest, target: Export, life: Life): Promise<NbdError> {
  target.requireUnfenced();
  await unmap(request, target.device, life);
  return await ended(request, target, life);
}

async function writeZeroes(request: PendingRequest, target: Export, life: Life): Promise<NbdError> {
  target.requireUnfenced();
  // "NBD_CMD_WRITE_ZEROES": what must keep its space is written out, and so no faster than a write.
  const unmaps = !request.has(CommandFlag.NO_HOLE);
  const isFast = unmaps && target.thin;
  if (request.has(CommandFlag.FAST_ZERO) && !isFast) return NbdError.ENOTSUP;
  if (unmaps) await unmap(request, target.device, life);
  else await fill(request, target.device, life);
  return await ended(request, target, life);
}

async function cache(request: PendingRequest, target: Export, life: Life): Promise<NbdError> {
  const { device } = target;
  for await (const { offset, length } of slices(life, request.offset, request.length)) {
    if (!device.readNow(offset, scratch, 0, length)) await device.read(offset, scratch, 0, length);
  }
  return NbdError.NONE;
}

async function blockStatus(request: PendingRequest, target: Export): Promise<NbdError> {
  const { offset, length } = request;
  if (length === 0) return NbdError.EINVAL; // there is no descriptor of nothing
  const whole = [{ offset, length, mapped: true }];
  const most = request.has(CommandFlag.REQ_ONE) ? 1 : MOST_EXTENTS;
  request.extents = target.thin ? await target.device.extents(offset, length, most) : whole;
  return NbdError.NONE;
}

async function unmap(request: PendingRequest, device: BlockDevice, life: Life): Promise<void> {
  const { offset, length } = request;
  for await (const slice of slices(life, offset, length, UNMAP_SLICE_LENGTH)) {
    await device.unmap(slice.offset, slice.length);
  }
}

async function fill(request: PendingRequest, device: BlockDevice, life: Life): Promise<void> {
  for await (const { offset, length } of slices(life, request.offset, request.length)) {
    if (!device.writeNow(offset, zeros, 0, length)) await device.write(offset, zeros, 0, length);
  }
}

/** It has changed what it was to change: on the medium too, where that was asked for. */
async function ended(request: PendingRequest, target: Export, life: Life): Promise<NbdError> {
  if (request.has(CommandFlag.FUA) && !life.aborted) await target.flush();
  return NbdError.NONE;
}

const WORKS: ReadonlyMap<number, Work> = new Map<number, Work>([
  [RequestType.FLUSH, flush],
  [RequestType.TRIM, trim],
  [RequestType.WRITE_ZEROES, writeZeroes],
  [RequestType.CACHE, cache],
  [RequestType.BLOCK_STATUS, blockStatus],
]);

export function longWork(type: number): Work {
  return WORKS.get(type)!;
}
