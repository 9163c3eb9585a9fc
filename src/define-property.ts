/**
 * Defines a property. The attributes that the descriptor does not have are not inherited either: a page may have added a
 * member `get` to Object.prototype, and the definition would throw.
 */
export function defineProperty(target: object, name: PropertyKey, descriptor: PropertyDescriptor): void {
  Object.defineProperty(target, name, Object.setPrototypeOf(descriptor, null))
}
