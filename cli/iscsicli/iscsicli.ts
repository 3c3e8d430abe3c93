/**
 * `sanctl iscsicli`: the command line of Windows's initiator, word for word, so that scripts made
 * for it go on working. The exit code is the status; a shell on Unix sees its lowest octet.
 */
import { ControlError } from "../../lib/config/control_error.ts";
import type { InitiatorControl } from "../../lib/initiator_service/control.ts";
import { VERSION } from "../../lib/config/version.ts";
import type { IscsicliCommand } from "./command.ts";
import { COMMANDS } from "./commands/mod.ts";
import { ownAddresses } from "./initiator_port.ts";
import { INVALID_PARAMETER, IscsicliError, Isdsc, statusOf, statusText } from "./isdsc.ts";

export interface IscsicliOptions {
  /** Opens the control of the initiator service. */
  open(): Promise<InitiatorControl>;
  say(line: string): void;
  /** The addresses of this machine; the system's own without. */
  addresses?(): readonly string[];
  /** Wrong usage ends with a status of its own, not with success. */
  readonly strict: boolean;
}

/** Scripts read its first number; ours stands behind it. */
export const BANNER = `Microsoft iSCSI Initiator Version 10.0 Build sanctl-${VERSION}`;

/** One command; answers its status. */
export async function iscsicli(
  [name, ...words]: readonly string[],
  options: IscsicliOptions,
): Promise<number> {
  const { say, strict } = options;
  const command = COMMANDS.find((each) => each.name.toLowerCase() === name?.toLowerCase());
  if (command === undefined) {
    COMMANDS.map(usageOf).forEach(say);
    return strict ? INVALID_PARAMETER : Isdsc.SUCCESS;
  }
  if (!command.takes(words.length)) {
    say(usageOf(command));
    return strict ? INVALID_PARAMETER : Isdsc.SUCCESS;
  }
  const status = await carryOut(command, words, options);
  say(statusText(status));
  return status;
}

function usageOf({ name, words }: IscsicliCommand): string {
  return `iscsicli ${name} ${words}`.trimEnd();
}

async function carryOut(
  command: IscsicliCommand,
  words: readonly string[],
  { open, say, addresses = ownAddresses }: IscsicliOptions,
): Promise<number> {
  let control: InitiatorControl | undefined;
  try {
    control = await open();
    return await command.run({ control, say, addresses }, words) ?? Isdsc.SUCCESS;
  } catch (error) {
    if (error instanceof IscsicliError) {
      if (error.message !== "") say(error.message);
      return error.status;
    }
    if (!(error instanceof ControlError)) throw error;
    say(error.nextStep === undefined ? error.message : `${error.message}; ${error.nextStep}`);
    const isAbsent = control === undefined && error.kind === "unreachable";
    return isAbsent ? Isdsc.SERVICE_NOT_RUNNING : statusOf(error, command.failures);
  } finally {
    await control?.close();
  }
}
