/** What tests do with a running service and its initiators, time and again. */
import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control.ts";
import type { CommandResult, TestInitiator } from "../../support/test_initiator.ts";
import { ADA, type TestService } from "./service_fixture.ts";

export const SIZE = 1 << 20;
export const GOOD = 0;
export const TEST_UNIT_READY = new Uint8Array(16);

/** For `assert.rejects`: a refusal of that kind, whose message and next step match. */
export function isRefusal(kind: string, text: RegExp) {
  return (error: unknown): boolean => {
    assert(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(`${error.message}; ${error.nextStep}`, text);
    return true;
  };
}

/** Target `mail` for Ada, with the disk `d0` behind LUN 0. */
export async function mail({ control }: TestService): Promise<void> {
  await control.createTarget({ name: "mail", allow: [`iqn:${ADA}`], description: "the mail" });
  await control.createDisk({ memory: "d0", size: SIZE, target: "mail" });
}

/** The sense codes that the initiator is told of a LUN, until it answers GOOD. */
export async function attentions(initiator: TestInitiator, lun = 0): Promise<number[]> {
  const codes: number[] = [];
  for (;;) {
    const { status, code } = await initiator.run({ cdb: TEST_UNIT_READY, lun });
    if (status === GOOD) return codes;
    codes.push(code);
    if (codes.length > 8) throw new Error(`it does not end: ${codes}`);
  }
}

/** WRITE(10). */
export function write(lba: number, blocks: number): number[] {
  return [0x2a, 0, 0, 0, 0, lba, 0, 0, blocks, 0, 0, 0, 0, 0, 0, 0];
}

export async function writeBlock(initiator: TestInitiator, lun = 0): Promise<CommandResult> {
  const data = new Uint8Array(512).fill(7);
  return await initiator.run({ cdb: write(0, 1), write: true, length: 512, data, lun });
}

/** Logs in, and hears what there is to hear first. */
export async function logIn(service: TestService, target = "mail", isid = 1) {
  const initiator = await service.logIn(target, { isid });
  for (const { lun } of (await service.control.showTarget(target)).luns) {
    await attentions(initiator, lun);
  }
  return initiator;
}
