/** A server sent what is no DNS message, or no answer to what it was asked. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}
