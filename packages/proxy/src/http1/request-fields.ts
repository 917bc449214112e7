import type { FieldKind } from './field-kind.ts';
import { type FieldTaker, joined } from './header-section.ts';
import { MessageFields } from './message-fields.ts';

/** What the header lines of one request say to the codec. */
export class RequestFields extends MessageFields implements FieldTaker {
  /** Offsets of the value of the last Host line. */
  hostStart = 0;
  hostEnd = 0;
  hosts = 0;
  te = '';
  expect = '';
  expects = 0;
  accept = '';
  xForwardedFor = '';
  xForwardedProto = '';
  xForwardedHost = '';
  xForwardedPort = '';
  xRealIp = '';
  anyForwarded = false;
  debug = false;

  take(kind: FieldKind, value: string, valueStart: number): boolean {
    switch (kind) {
      case 'plain':
        return false;
      case 'drop':
      case 'keep-alive':
        return true;
      case 'via':
        this.anyForwarded = true;
        return false;
      case 'accept':
        this.accept = joined(this.accept, value);
        return false;
      case 'host':
        this.hostStart = valueStart;
        this.hostEnd = valueStart + value.length;
        this.hosts++;
        return true;
      case 'connection':
      case 'content-length':
      case 'transfer-encoding':
      case 'upgrade':
        return this.takeMessageField(kind, value);
      case 'te':
        this.te = joined(this.te, value);
        return true;
      case 'expect':
        this.expect = value;
        this.expects++;
        return true;
      case 'x-debug':
        this.debug = true;
        return true;
      case 'forwarded':
      case 'x-forwarded-for':
      case 'x-forwarded-proto':
      case 'x-forwarded-host':
      case 'x-forwarded-port':
      case 'x-real-ip':
        this.#takeForwarded(kind, value);
        return true;
      default:
        return kind satisfies never;
    }
  }

  #takeForwarded(kind: FieldKind, value: string): void {
    this.anyForwarded = true;
    if (kind === 'x-forwarded-for') this.xForwardedFor = joined(this.xForwardedFor, value);
    else if (kind === 'x-forwarded-proto') this.xForwardedProto = joined(this.xForwardedProto, value);
    else if (kind === 'x-forwarded-host') this.xForwardedHost = joined(this.xForwardedHost, value);
    else if (kind === 'x-forwarded-port') this.xForwardedPort = joined(this.xForwardedPort, value);
    else if (kind === 'x-real-ip') this.xRealIp = joined(this.xRealIp, value);
  }
}
