/** Tells of who logged in, who was refused, and whose session ended. */
import type { EventSink } from "../events/event_sink.ts";
import type { LoginEvent, SessionEnd, TargetNode } from "../target/node.ts";
import { plainAddress } from "../target/portal.ts";
import type { DeclaredTarget } from "./schema.ts";

/** From now on; `targets` answers what is declared just now. */
export function noteLogins(
  node: TargetNode,
  events: EventSink,
  targets: () => readonly DeclaredTarget[],
): void {
  const { onLogin, onSessionEnd } = node;

  function targetText(iqn: string | undefined): string {
    if (iqn === undefined) return "discovery";
    return targets().find((target) => target.iqn === iqn)?.name ?? iqn;
  }

  node.onLogin = (login) => {
    onLogin?.(login);
    noteLogin(events, login, targetText(login.targetName));
  };
  node.onSessionEnd = (end) => {
    onSessionEnd?.(end);
    noteSessionEnd(events, end, targetText);
  };
}

function noteLogin(events: EventSink, login: LoginEvent, target: string): void {
  const { initiatorName: initiator = "an initiator without a name", status, reason, why } = login;
  const address = plainAddress(login.remoteAddress);
  if (why === "no-proof") {
    events.note("chap-not-offered", { initiator, address, target });
  } else if (why !== undefined) {
    const text = status.toString(16).padStart(4, "0");
    events.note("login-refused", { initiator, address, target, status: text, reason, why });
    // Whoever looks for targets does so again and again.
  } else if (login.targetName !== undefined) {
    const { rule = "" } = login;
    events.note("login-accepted", { initiator, address, target, rule });
  }
}

function noteSessionEnd(
  events: EventSink,
  { session, remoteAddress, reason }: SessionEnd,
  targetText: (iqn: string) => string,
): void {
  if (session.target === undefined) return;
  events.note("session-ended", {
    initiator: session.initiatorName,
    address: plainAddress(remoteAddress),
    target: targetText(session.target.name),
    reason,
  });
}
