/** Ends the command with exit 1 and this text on stderr. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

export function failure(message: string): CommandFailed {
  return new CommandFailed(message);
}
