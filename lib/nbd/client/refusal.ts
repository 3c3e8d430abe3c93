/** The server does not let us have the export: it says so, and trying again may not help. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    /** `unknown`: there is no such export; `unsuitable`: it cannot be used by us. */
    readonly kind: "unknown" | "unsuitable",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
