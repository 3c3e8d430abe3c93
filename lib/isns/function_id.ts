/** What messages are about. RFC 4171 4.1.3. */
export const FunctionId = {
  DevAttrReg: 0x0001,
  DevAttrQry: 0x0002,
  DevGetNext: 0x0003,
  DevDereg: 0x0004,
  SCNReg: 0x0005,
  SCNDereg: 0x0006,
  SCN: 0x0008,
  ESI: 0x000d,
} as const;

/** RFC 4171 5.1.2: it is set in answers. */
const ANSWER = 0x8000;

const NAMES = new Map<number, string>(Object.entries(FunctionId).map(([name, id]) => [id, name]));

export function answerTo(functionId: number): number {
  return functionId | ANSWER;
}

export function isAnswer(functionId: number): boolean {
  return (functionId & ANSWER) !== 0;
}

/** `DevAttrReg`, as the standard calls it; of an answer the name of its question. */
export function functionName(functionId: number): string {
  const asked = functionId & ~ANSWER;
  return NAMES.get(asked) ?? `function 0x${asked.toString(16).padStart(4, "0")}`;
}
