/** Why a target refuses a login, and what to do about it. */
import { type Advice, NOTHING_TO_DO } from "./kind.ts";

export const LOGIN_REFUSALS = {
  "protocol": {
    cause: "the initiator did not keep to the protocol, or wants what is not done here",
    remedy: "see to the initiator: another version or other settings of it may do",
  },
  "no-target": {
    cause: "no target has the name that it asked for",
    remedy: "correct the name there; sanctl target list shows those there are",
  },
  "not-admitted": {
    cause: "no entry of the target's access list is about it",
    remedy: "if it is to log in, admit it: sanctl target allow",
  },
  "wrong-proof": {
    cause: "the user or the secret of CHAP is not the same on both sides",
    remedy: "set both anew, there and here: sanctl target chap",
  },
  "another's": {
    cause: "who logged in under its name before proved to be somebody else",
    remedy: "give each initiator a name of its own",
  },
  "attached": {
    cause: "this server itself writes a disk of the target",
    remedy: "end that when it is done: sanctl disk detach; the initiator comes again by itself",
  },
  "unanswered": {
    cause: "who it is could not be found out in time",
    remedy: "see to the name servers that this machine asks; the initiator comes again by itself",
  },
  "full": {
    cause: "as much is in use as the limits let",
    remedy: "end sessions that nobody needs, or let there be more: sanctl target limits",
  },
  "changed": {
    cause: "the target, its portal or the session that it is for changed meanwhile",
    remedy: NOTHING_TO_DO,
  },
} as const satisfies Readonly<Record<string, Advice>>;

export type RefusedFor = keyof typeof LOGIN_REFUSALS;
