// What this Hermes is too old for, and that of React Native 0.76 has.
function at(this: ArrayLike<unknown>, index: number): unknown {
  return this[index < 0 ? this.length + index : index]
}

for (const { prototype } of [Array, Object.getPrototypeOf(Uint8Array) as typeof Uint8Array]) {
  if (!('at' in prototype)) Object.defineProperty(prototype, 'at', { value: at, writable: true, configurable: true })
}
