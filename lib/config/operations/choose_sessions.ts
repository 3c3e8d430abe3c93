/** Which of the open sessions an operator means. */
import type { SessionChoice } from "../control.ts";
import { ControlError } from "../control_error.ts";
import type { SessionFacts } from "../facts.ts";

/** The longest that initiators are given to log out: whoever asks waits for the answer. */
export const MOST_WAIT_SECONDS = 30;
export const DEFAULT_WAIT_SECONDS = 5;

/** Those that are meant of `open`: the target's, or all. One that is not there is refused. */
export function chooseSessions(open: readonly SessionFacts[], choice: SessionChoice) {
  const { ids, target, all } = choice;
  const ways = [ids !== undefined, target !== undefined, all === true];
  if (ways.filter((isMeant) => isMeant).length !== 1) {
    throw new ControlError(
      "usage",
      "it is not said which sessions are meant",
      "name those that sanctl target sessions shows, or give --target NAME, or --all",
    );
  }
  if (ids === undefined) return open;
  const absent = ids.find((id) => open.every((session) => session.id !== id));
  if (absent === undefined) return open.filter(({ id }) => ids.includes(id));
  throw new ControlError(
    "not-found",
    `there is no session ${JSON.stringify(absent)}`,
    "sanctl target sessions shows those there are",
  );
}

/** The time that initiators have, in milliseconds; what is out of bounds is refused. */
export function waitMsOf(seconds: number = DEFAULT_WAIT_SECONDS): number {
  if (seconds >= 0 && seconds <= MOST_WAIT_SECONDS) return seconds * 1000;
  throw new ControlError(
    "usage",
    `initiators cannot be given ${seconds} seconds to log out`,
    `give 0 to ${MOST_WAIT_SECONDS}`,
  );
}
