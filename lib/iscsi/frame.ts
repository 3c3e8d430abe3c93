/**
 * One PDU as it lies in a buffer: where its header, additional header segments and data are. The
 * same object is moved from PDU to PDU of a connection.
 */
export interface Frame {
  readonly octets: Uint8Array;
  readonly view: DataView;
  /** Where the Basic Header Segment begins. */
  readonly base: number;
  /** Octets of additional header segments, which follow the Basic Header Segment. */
  readonly ahsLength: number;
  /** Where the data segment begins. */
  readonly dataAt: number;
  /** Octets of the data segment, without padding. */
  readonly dataLength: number;
}

/** A copy of the frame that lasts when the buffer goes on. */
export function copyFrame(frame: Frame): Frame {
  const octets = frame.octets.slice(frame.base, frame.dataAt + frame.dataLength);
  return {
    octets,
    view: new DataView(octets.buffer),
    base: 0,
    ahsLength: frame.ahsLength,
    dataAt: frame.dataAt - frame.base,
    dataLength: frame.dataLength,
  };
}
