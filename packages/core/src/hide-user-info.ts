/**
 * A text that goes into a log or an answer, without what stands before the `@` of a URL in it: a password there is refused, and
 * must not be told while it is. Also where the rest is no URL; rather too much is hidden than too little.
 */
export function hideUserInfo(text: string): string {
  return text.split(/(\s)/).map(hideInWord).join('');
}

function hideInWord(word: string): string {
  const scheme = word.indexOf('://');
  const at = word.lastIndexOf('@');
  return scheme >= 0 && at > scheme ? `${word.slice(0, scheme + 3)}...@${word.slice(at + 1)}` : word;
}
