/** The alerts that we send ourselves, before there is a TLS engine (RFC 8446 section 6). */
export type AlertName =
  | 'unexpected_message'
  | 'record_overflow'
  | 'illegal_parameter'
  | 'decode_error'
  | 'missing_extension'
  | 'unrecognized_name'
  | 'no_application_protocol'
  | 'internal_error';

const CODES: Readonly<Record<AlertName, number>> = {
  unexpected_message: 10,
  record_overflow: 22,
  illegal_parameter: 47,
  decode_error: 50,
  internal_error: 80,
  missing_extension: 109,
  unrecognized_name: 112,
  no_application_protocol: 120,
};

const FATAL = 2;

/** One record with one fatal alert. Before the ServerHello it is in clear. */
export function alertRecord(name: AlertName): Buffer {
  return Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, FATAL, CODES[name]]);
}
