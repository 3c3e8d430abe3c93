/** Why a CHAP exchange fails: a value, not thrown. The peer is told no more than that it failed. */
export class ChapFault {
  constructor(readonly reason: string) {}
}
