/**
 * Counts the octets of all buffers that are made in a time, whether they are still there or not: no
 * less than what is needed at any moment of it. What the engines allocate by size is buffers.
 */
const KINDS = [
  "Uint8Array",
  "Uint16Array",
  "Uint32Array",
  "BigUint64Array",
  "ArrayBuffer",
] as const;

export class MeasuredMemory {
  readonly #originals = KINDS.map((kind) => [kind, globalThis[kind]] as const);
  #octets = 0;

  constructor() {
    for (const [kind, original] of this.#originals) {
      const width = "BYTES_PER_ELEMENT" in original ? original.BYTES_PER_ELEMENT : 1;
      const construct = (target: object, args: unknown[], newTarget: object) => {
        if (typeof args[0] === "number") this.#octets += args[0] * width;
        return Reflect.construct(
          target as new (...args: unknown[]) => object,
          args,
          newTarget as new () => object,
        );
      };
      Object.assign(globalThis, { [kind]: new Proxy(original, { construct }) });
    }
  }

  begin(): void {
    this.#octets = 0;
  }

  /** Octets since `begin`. */
  end(): number {
    return this.#octets;
  }

  /** Counts no more. */
  stop(): void {
    for (const [kind, original] of this.#originals) {
      Object.assign(globalThis, { [kind]: original });
    }
  }
}
