/**
 * The numbers of a session's commands: CmdSN counts those that are sent, the target's ExpCmdSN and
 * MaxCmdSN say how far it may. RFC 7143 4.2.2.1.
 */
import { serialAdd, serialAtMost, serialLess } from "../wire/serial.ts";

export class CommandWindow {
  /** Of the next command. */
  cmdSN: number;
  expCmdSN: number;
  maxCmdSN: number;

  constructor(cmdSN: number) {
    this.cmdSN = this.expCmdSN = cmdSN;
    this.maxCmdSN = serialAdd(cmdSN, -1);
  }

  /** True if one more command may be sent. */
  get isOpen(): boolean {
    return serialAtMost(this.cmdSN, this.maxCmdSN);
  }

  /** The CmdSN of a command that is not immediate. */
  take(): number {
    const cmdSN = this.cmdSN;
    this.cmdSN = serialAdd(cmdSN, 1);
    return cmdSN;
  }

  /** Takes what a PDU of the target says; true if the window is wider than before. */
  update(expCmdSN: number, maxCmdSN: number): boolean {
    // 4.2.2.1: a window that ends before it begins is not to be looked at.
    if (serialLess(maxCmdSN, serialAdd(expCmdSN, -1))) return false;
    if (serialLess(this.expCmdSN, expCmdSN)) this.expCmdSN = expCmdSN;
    if (!serialLess(this.maxCmdSN, maxCmdSN)) return false;
    this.maxCmdSN = maxCmdSN;
    return true;
  }
}
