/** One request to a service, and what it answers. */
export interface Ask {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** JSON text. */
  readonly body?: string | undefined;
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Reply {
  readonly status: number;
  /** The body as it comes; whoever stops reading gives the connection up. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Carries requests to a service. A failure to is thrown as whatever the system threw. */
export type Exchange = (ask: Ask) => Promise<Reply>;

/** The headers of a request. */
export function headersOf({ body, accept }: Ask): Record<string, string> {
  return {
    ...(accept === undefined ? {} : { accept }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
}
