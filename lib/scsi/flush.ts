/**
 * Bringing what was written to the medium. A failed flush is never tried again: the kernel may have
 * dropped what it could not write, and would report success the next time. So the unit is fenced,
 * and every later flush and write fails until the disk has been checked and opened anew.
 */
import { DeviceError } from "../block/device.ts";
import { forcesUnitAccess } from "./lba.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import { type Sense, WRITE_ERROR } from "./sense.ts";
import type { Continuation, Step, Task } from "./task.ts";

/** Resolves when every write that has ended is on the medium, or with the sense data of why not. */
export async function flush(unit: LogicalUnit): Promise<Sense | undefined> {
  if (unit.fenced !== undefined) return WRITE_ERROR;
  try {
    await unit.device.flush();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    unit.fence(`a flush failed (${error.message}); check the medium, then open the disk anew`);
  }
  // A flush that ran beside this one may have failed: what it lost may be what is asked for here.
  return unit.fenced === undefined ? undefined : WRITE_ERROR;
}

/** What the task, of a command that has FUA, writes must be on the medium before its status. */
export function isDurable(task: Task, unit: LogicalUnit): boolean {
  return !unit.mode.writeCacheEnabled || forcesUnitAccess(task);
}

/** Ends a command that has written: GOOD, once it is on the medium if it must be. */
export async function endWrite(task: Task, unit: LogicalUnit, durable: boolean): Promise<Step> {
  if (task.aborted || !durable) return task.done();
  return await endFlushed(task, unit);
}

/** Ends the command when all that was written is on the medium. */
export async function endFlushed(task: Task, unit: LogicalUnit): Promise<Step> {
  const failure = await flush(unit);
  return failure === undefined ? task.done() : task.fail(failure);
}

/** What follows a WRITE step that must be durable. */
export const finishFlushed: Continuation = (task, unit) => task.wait(endFlushed(task, unit));
