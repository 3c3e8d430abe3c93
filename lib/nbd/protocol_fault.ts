/** What ends a connection: the peer broke the protocol, so what follows means nothing. */
export class ProtocolFault extends Error {
  override readonly name = "ProtocolFault";
}
