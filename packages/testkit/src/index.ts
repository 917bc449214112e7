export {
  breakOff,
  echo,
  eventStream,
  hold,
  inTurn,
  respond,
  respondBytes,
  respondChunked,
  respondEarly,
  upgradeEcho,
  webSocketAccept,
  type Echo,
  type EventStream,
  type Held,
} from './behaviours.ts';
export { collectLog, type CollectedLog, type LogEntry } from './collect-log.ts';
export { eventually, within, type EventuallyOptions } from './eventually.ts';
export { freePort } from './free-port.ts';
export { FLAG, FRAME, type Frame, frame, FrameClient, headerBlock, PREFACE, uint32 } from './http2-frames.ts';
export { Http2Client, type Http2ClientOptions, type Http2Response, readHttp2Response } from './http2-client.ts';
export { HttpReader, type Body, type HeaderLines, type MessageHead } from './http-reader.ts';
export { HttpViolation } from './http-violation.ts';
export { MemoryGrowth } from './memory-growth.ts';
export { Origin, type Behaviour, type OriginOptions } from './origin.ts';
export { OriginConnection, OriginExchange, type OriginResponse } from './origin-connection.ts';
export { exchange, get, RawClient, type Ending, type RawClientOptions, type RawResponse } from './raw-client.ts';
export { runCommand } from './run-command.ts';
export {
  backendOf,
  listenerOf,
  snapshotOf,
  streamOf,
  type BackendSpec,
  type RouteSpec,
  type SnapshotSpec,
} from './snapshot-of.ts';
export { tempFolder, type TempFolder } from './temp-folder.ts';
export { webSocketEcho } from './web-socket-echo.ts';
