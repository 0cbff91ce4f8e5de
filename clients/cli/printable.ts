/**
 * Text that a terminal shows and does not obey: control characters as escapes, such as `\\u001b`. A file may be named by
 * whoever made it, and what an escape sequence does is not for them to say.
 */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
