/**
 * The keys of the global object under which undici stores the global dispatcher, up to undici 7 and in undici 8. All
 * copies of undici in the process share them, Node's own included.
 */
const globalKeys = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')]

/** A dispatcher of an unknown version of undici. */
interface UnknownDispatcher extends Record<PropertyKey, unknown> {
  readonly constructor: new () => UnknownDispatcher
}

/** Whether the value of a property can show how an agent was configured; collections change while an agent is used. */
function isConfiguration(value: unknown): boolean {
  return typeof value === 'function' || Object.prototype.toString.call(value) === '[object Object]'
}

/**
 * Whether a dispatcher equals one that its class creates without options. Node sets such an agent at the first use of
 * `Headers` or `fetch`, and undici when it is imported.
 */
function isDefaultAgent(dispatcher: UnknownDispatcher): boolean {
  const { isDeepStrictEqual } = process.getBuiltinModule('node:util')
  const Class = dispatcher.constructor
  // The wrapper that undici 8 sets for older copies leads to its own dispatcher, which is examined separately.
  if (Class.name === 'Dispatcher1Wrapper') return true
  // An interceptor replaces `dispatch`.
  const hasInterceptor = dispatcher['dispatch'] !== (Class.prototype as UnknownDispatcher)['dispatch']
  if (Class.name !== 'Agent' || hasInterceptor) return false
  const first = new Class()
  const second = new Class()
  // An agent with other options differs in a property that two new agents have in common.
  return Reflect.ownKeys(first)
    .filter((key) => isConfiguration(first[key]) && isDeepStrictEqual(first[key], second[key]))
    .every((key) => isDeepStrictEqual(dispatcher[key], first[key]))
}

/** The results for the dispatchers that were examined. */
const results = new WeakMap<object, boolean>()

/** Whether the program has set a global dispatcher: a mock, a proxy, an agent with its own certificates. */
export function hasGlobalDispatcher(): boolean {
  return globalKeys.some((key) => {
    const dispatcher = (globalThis as unknown as Record<symbol, UnknownDispatcher | undefined>)[key]
    if (!dispatcher) return false
    const isCustom = results.get(dispatcher) ?? !isDefaultAgent(dispatcher)
    results.set(dispatcher, isCustom)
    return isCustom
  })
}
