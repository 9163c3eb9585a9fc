import { isDeepStrictEqual } from 'node:util'

/**
 * The keys of the global object under which undici keeps the global dispatcher: those of undici up to 7, and of undici 8,
 * for all copies of undici in the process, Node's own included.
 */
const globalKeys = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')]

/** A dispatcher, as far as it can be examined without knowledge of its version. */
interface UnknownDispatcher extends Record<PropertyKey, unknown> {
  readonly constructor: new () => UnknownDispatcher
}

/** Whether a property can tell how an agent was configured. Collections change while an agent is used. */
function isConfiguration(value: unknown): boolean {
  return typeof value === 'function' || Object.prototype.toString.call(value) === '[object Object]'
}

/**
 * Whether a dispatcher is like the ones that its class creates without options. Node sets such an agent as soon as
 * somebody touches `Headers` or `fetch`, and undici while it is imported.
 */
function isDefaultAgent(dispatcher: UnknownDispatcher): boolean {
  const Class = dispatcher.constructor
  // What undici 8 sets for older copies of undici leads to its own dispatcher, which is examined by itself.
  if (Class.name === 'Dispatcher1Wrapper') return true
  // An interceptor replaces `dispatch`.
  const hasInterceptor = dispatcher['dispatch'] !== (Class.prototype as UnknownDispatcher)['dispatch']
  if (Class.name !== 'Agent' || hasInterceptor) return false
  const first = new Class()
  const second = new Class()
  // What two new agents have in common, an agent with other options may lack.
  return Reflect.ownKeys(first)
    .filter((key) => isConfiguration(first[key]) && isDeepStrictEqual(first[key], second[key]))
    .every((key) => isDeepStrictEqual(dispatcher[key], first[key]))
}

const verdicts = new WeakMap<object, boolean>()

/** Whether somebody has set a global dispatcher: a mock, a proxy, an agent with certificates of its own. */
export function hasGlobalDispatcher(): boolean {
  return globalKeys.some((key) => {
    const dispatcher = (globalThis as unknown as Record<symbol, UnknownDispatcher | undefined>)[key]
    if (!dispatcher) return false
    const verdict = verdicts.get(dispatcher) ?? !isDefaultAgent(dispatcher)
    verdicts.set(dispatcher, verdict)
    return verdict
  })
}
