const token = /^[\w!#$%&'*+.^`|~-]+$/
const outerWhiteSpace = /^[\t\n\r ]+|[\t\n\r ]+$/g
const forbiddenInValue = /[\0\r\n]|[^\0-\xff]/

/** "To normalize a byte sequence potentialValue, remove any leading and trailing HTTP whitespace bytes." */
export function normalizeValue(value: unknown): string {
  return `${value}`.replace(outerWhiteSpace, '')
}

/** This does not use `new Headers`, which accepts nearly anything in workerd and happy-dom. */
export function isHeader(name: unknown, value: unknown): boolean {
  return token.test(`${name}`) && !forbiddenInValue.test(normalizeValue(value))
}
