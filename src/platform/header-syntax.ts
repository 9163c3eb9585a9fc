const token = /^[\w!#$%&'*+.^`|~-]+$/
const outerWhiteSpace = /^[\t\n\r ]+|[\t\n\r ]+$/g
const forbiddenInValue = /[\0\r\n]|[^\0-\xff]/

/** This does not use `new Headers`, which accepts nearly anything in workerd and happy-dom. */
export function isHeader(name: unknown, value: unknown): boolean {
  return token.test(`${name}`) && !forbiddenInValue.test(`${value}`.replace(outerWhiteSpace, ''))
}
