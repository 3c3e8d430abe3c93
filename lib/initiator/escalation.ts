/**
 * Ends a command that takes too long, by ever stronger means: ABORT TASK, LOGICAL UNIT RESET, and
 * when the target answers neither, the end of the session. RFC 7143 11.5, 11.6. Until one of them
 * is done, what becomes of the command is not known, and nobody is told that it has ended.
 */
import { TaskManagementFunction } from "../iscsi/pdu/task_management_request.ts";
import { TaskManagementOutcome } from "../iscsi/pdu/task_management_response.ts";
import { CommandFailure } from "./command.ts";
import type { Session } from "./session.ts";
import type { Task } from "./task.ts";

/** The task is gone, or never came to be. */
const ENDED: readonly number[] = [
  TaskManagementOutcome.FUNCTION_COMPLETE,
  TaskManagementOutcome.TASK_DOES_NOT_EXIST,
];

export async function endOverdue(session: Session, task: Task): Promise<void> {
  const { initiatorTaskTag, cmdSN, lun, connection } = task;
  const isUnderWay = () => session.tasks.get(initiatorTaskTag) === task && !session.isOver;
  const facts = { target: session.where, lun, seconds: task.timeoutMs / 1000 };
  session.node.logger.warn("a command takes too long and is aborted", facts);
  const lunOctets = new Uint8Array(task.lunOctets.buffer).slice();
  const { ABORT_TASK } = TaskManagementFunction;
  const flow = connection!.flow!;
  const aborted = await within(
    session,
    flow.manage(ABORT_TASK, lunOctets, initiatorTaskTag, cmdSN),
  );
  if (!isUnderWay()) return;
  if (aborted !== undefined && ENDED.includes(aborted)) return end(session, [task]);
  const others = [...session.tasks.values()].filter((each) => each.lun === lun);
  session.node.logger.warn("the logical unit is reset", facts);
  const reset = await within(session, session.resetUnit(lun));
  if (session.isOver) return;
  if (reset === TaskManagementOutcome.FUNCTION_COMPLETE) return end(session, others);
  if (!isUnderWay()) return;
  session.fail("the target neither ends a command nor answers ABORT TASK and LOGICAL UNIT RESET");
}

/** Those that have not ended by themselves meanwhile. */
function end(session: Session, tasks: readonly Task[]): void {
  for (const task of tasks) {
    if (session.tasks.get(task.initiatorTaskTag) !== task || task.state !== "sent") continue;
    task.connection!.forget(task);
    const seconds = task.timeoutMs / 1000;
    const reason = `${session.where}: no answer within ${seconds} s; the command was aborted`;
    task.result = new CommandFailure("timed-out", reason);
    session.settle(task);
  }
}

/** The response, or undefined where there is none in time or the session ends. */
async function within(session: Session, response: Promise<number>): Promise<number | undefined> {
  const { clock, limits } = session.node;
  const deadline = Promise.withResolvers<undefined>();
  const callOff = clock.after(limits.functionTimeoutMs, () => deadline.resolve(undefined));
  try {
    return await Promise.race([response, deadline.promise]);
  } catch {
    return undefined; // the session is over: that is told elsewhere
  } finally {
    callOff();
  }
}
