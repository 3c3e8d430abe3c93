/**
 * A sanitize operation: every block is changed, slice by slice, so that the other units of the
 * process stay alive meanwhile. It goes on when the command that began it is aborted, when the unit
 * is reset, and when nobody is connected any more. SBC-3 4.11.
 */
import { type BlockDevice, DeviceError } from "../block/device.ts";
import { flush } from "./flush.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import { Pace } from "./pace.ts";
import { SANITIZE_FAILED, type Sense } from "./sense.ts";
import type { Step, Task } from "./task.ts";

/** One run over the whole device. */
export interface SanitizePass {
  /** Octets that are done before others get their turn. */
  readonly sliceLength: number;
  /** It moves every octet, and so keeps the medium busy. */
  readonly writes: boolean;
  slice(device: BlockDevice, offset: number, length: number): Promise<void>;
}

export interface SanitizeOptions {
  readonly passes: readonly SanitizePass[];
  /** GOOD when the operation has begun, not when it is over. */
  readonly immed: boolean;
  /** AUSE: a failure may be acknowledged without another, successful, operation. */
  readonly unrestrictedExit: boolean;
}

const WHOLE = 0x1_0000;

/** The pace of writing: ten minutes at most for the whole, unless the medium takes longer. */
const LEAST_OCTETS_PER_SECOND = 32 << 20;
const MOST_SECONDS = 600;

/** Begins the operation; unless it is `immed`, the task waits until it is over. */
export function sanitize(task: Task, unit: LogicalUnit, options: SanitizeOptions): Step {
  // Another command may have begun one while this one collected its parameter list.
  if (unit.medium.sanitize === "running") return task.fail(unit.medium.notReady!);
  const abandoned = Promise.withResolvers<undefined>();
  const operation = perform(task, unit, options, () => {
    if (task.aborted) abandoned.resolve(undefined);
  });
  if (options.immed) return task.done();
  return task.wait(
    Promise.race([operation, abandoned.promise])
      .then((failure) => failure === undefined ? task.done() : task.fail(failure)),
  );
}

async function perform(
  task: Task,
  unit: LogicalUnit,
  { passes, unrestrictedExit }: SanitizeOptions,
  betweenSlices: () => void,
): Promise<Sense | undefined> {
  unit.medium.unrestrictedExit = unrestrictedExit;
  unit.medium.sanitizing(0);
  // From here on no command begins; what is being written already must not land behind us.
  await unit.tasks.left((other) => other !== task && other.command?.writes === true);
  const failure = await run(unit, passes, betweenSlices) ?? await flush(unit);
  unit.medium.sanitized(failure === undefined ? "none" : "failed");
  return failure === undefined ? undefined : SANITIZE_FAILED;
}

async function run(
  unit: LogicalUnit,
  passes: readonly SanitizePass[],
  betweenSlices: () => void,
): Promise<Sense | undefined> {
  const { device } = unit;
  const end = unit.blockCount * unit.blockLength;
  const whole = end * passes.length;
  const pace = new Pace(unit.clock, Math.max(LEAST_OCTETS_PER_SECOND, whole / MOST_SECONDS));
  let done = 0;
  try {
    for (const pass of passes) {
      for (let offset = 0; offset < end; offset += pass.sliceLength) {
        const length = Math.min(pass.sliceLength, end - offset);
        await pass.slice(device, offset, length);
        done += length;
        unit.medium.sanitizing(done / whole * WHOLE);
        betweenSlices();
        await pace.hold(pass.writes ? done : 0);
      }
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return SANITIZE_FAILED;
  }
}
