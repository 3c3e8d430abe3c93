/** The target is elsewhere. RFC 7143 11.13.5, 13.8. */
export class Redirect {
  constructor(
    /** The value of TargetAddress. */
    readonly address: string,
    /** For good, or for now. */
    readonly isPermanent: boolean,
  ) {}
}
