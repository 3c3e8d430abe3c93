import { PduHeader } from "../../../lib/isns/header.ts";
import { testCodec } from "../../support/codec.ts";

testCodec("PduHeader", PduHeader, "isns/header.hex", {
  version: 1,
  functionId: 1,
  payloadLength: 0xd4,
  isFromClient: true,
  isFromServer: false,
  isSigned: false,
  replaces: true,
  isLast: true,
  isFirst: true,
  transactionId: 0x1234,
  sequenceId: 0,
});
