/** Marks a value that is not sent as it is: the `ext-value` of RFC 8187, without a language. */
export const EXT_MARK = "UTF-8''";
/** What RFC 8187 lets stand unescaped. */
const ATTR_CHAR = /^[A-Za-z0-9!#$&+.^_`|~-]$/;

/** Text as an `ext-value` of RFC 8187: percent-encoded UTF-8 that can end no header. */
export function extValue(text: string): string {
  let encoded = EXT_MARK;
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    encoded += ATTR_CHAR.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
