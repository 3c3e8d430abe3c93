/** The peer broke the protocol: its connection ends. */
export class IsnsFault extends Error {
  override readonly name = "IsnsFault";

  /** `section` of RFC 4171 is what was broken. */
  constructor(message: string, section?: string) {
    super(section === undefined ? message : `${message} (RFC 4171 ${section})`);
  }
}
