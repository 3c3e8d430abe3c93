/** Facts that go with a message, each printed as `name=value`. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Where the engines tell what happened. Text from a peer is escaped and cut by whoever writes it
 * out.
 */
export interface Logger {
  debug(message: string, facts?: Facts): void;
  info(message: string, facts?: Facts): void;
  warn(message: string, facts?: Facts): void;
  error(message: string, facts?: Facts): void;
}

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
