/** TEST UNIT READY: GOOD when a medium access command would find the medium there. SPC-4 6.47. */
import { Access, type Command } from "../command.ts";

export const testUnitReadies: readonly Command[] = [{
  name: "TEST UNIT READY",
  opcode: 0x00,
  usage: "00 00 00 00 00 00",
  access: Access.QUERY,
  medium: true,
  execute: (task) => task.done(),
}];
