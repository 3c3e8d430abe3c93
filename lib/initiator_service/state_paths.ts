/** Where the initiator keeps what is its own, in the state directory. */

/** Its own directory: what it locks and keeps does not meddle with the target service's. */
export function initiatorDirectory(stateDirectory: string): string {
  return `${stateDirectory}/initiator`;
}

export function initiatorStateFile(directory: string): string {
  return `${directory}/initiator.yaml`;
}
