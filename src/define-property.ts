/**
 * Defines a property by the descriptor's own members. If it inherited from Object.prototype, to which a page may have
 * added a member such as `get`, the definition could throw.
 */
export function defineProperty(target: object, name: PropertyKey, descriptor: PropertyDescriptor): void {
  Object.defineProperty(target, name, Object.setPrototypeOf(descriptor, null))
}
