/** Which octets of a file are a disk. */
export interface FileRegion {
  readonly offset: number;
  readonly size: number;
}
