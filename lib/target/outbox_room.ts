/**
 * How an outbox is shared out, in octets. What somebody waits for must always find room: so data
 * stops first, then nothing more is received, then R2Ts and responses wait, and what is left is for
 * the answers that come by themselves, of which there are few.
 */
import { Opcode } from "../iscsi/opcode.ts";

/** Left free by Data-In, for everything else. */
export const ANSWER_ROOM = 8 << 10;

/** Room that must be free before one more PDU is dealt with: its own answers take less. */
export const ANSWERS_OF_A_PDU = 12 << 10;

/** The most that one response takes: header, sense data, digests. */
export const RESPONSE_ROOM = 512;

/** Left free by responses and R2Ts, for those of task management and logout. */
export const FUNCTION_ROOM = 2 << 10;

/**
 * Task management functions of one connection that may be under way at once: their responses fit
 * there.
 */
export const MOST_FUNCTIONS = 32;

/** A ping's data is repeated; everything else is answered within ANSWERS_OF_A_PDU. */
export function dataOfAnswer(view: DataView, base: number): number {
  const isPing = (view.getUint8(base) & 0x3f) === Opcode.NOP_OUT;
  return isPing ? view.getUint32(base + 4) & 0xffffff : 0;
}
