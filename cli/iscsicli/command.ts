/** A command of iscsicli, as a row of its table. */
import type { ControlErrorKind } from "../../lib/config/control_error.ts";
import type { InitiatorControl } from "../../lib/initiator_service/control.ts";

export interface Surroundings {
  readonly control: InitiatorControl;
  /** Prints one line. */
  say(line: string): void;
  /** Of this machine: the ports of its adapter. */
  addresses(): readonly string[];
}

export interface IscsicliCommand {
  readonly name: string;
  /** What comes behind the name, a name for each word. */
  readonly words: string;
  /** Whether it takes so many words. */
  takes(count: number): boolean;
  /** The status of failures of a kind, where it is not the usual one. */
  readonly failures?: Partial<Record<ControlErrorKind, number>>;
  /** Answers the status, success without. */
  run(around: Surroundings, words: readonly string[]): Promise<number | void>;
}

export function exactly(...counts: number[]): (count: number) => boolean {
  return (count) => counts.includes(count);
}

/** So many and four more for each mapping. */
export function withMappings(least: number): (count: number) => boolean {
  return (count) => count >= least && (count - least) % 4 === 0;
}
