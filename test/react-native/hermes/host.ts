// The native side of React Native, as far as its JavaScript needs one: it runs in the VM before everything else, and
// passes on what it is asked to the process outside. A stub: there is no device here.
import { type Host, type Message, messageMark, type NativeRequest } from './messages.ts'

type Callback = (...given: unknown[]) => unknown
type Json = Record<string, unknown>

const vm = globalThis as unknown as Json & {
  print(line: string): void
  eval(source: string): unknown
  platform: 'android' | 'ios'
}

/** How long the native side of iOS takes to tell the id of a request, in ms. */
const idDelay = 5

function tell(message: Message): void {
  vm.print(messageMark + JSON.stringify(message))
}

function describe(error: unknown): string {
  return String((error as Error | undefined)?.stack ?? error)
}

/** Calls JavaScript as the native side does: an exception there goes no further. */
function guard(run: () => void): void {
  try {
    run()
  } catch (error) {
    tell({ kind: 'uncaught', error: describe(error) })
  }
}

// Timers

const timers = new Map<number, { run: () => void; repeats: boolean }>()
let lastTimer = 0

function addTimer(repeats: boolean) {
  return (callback: Callback, delay?: number, ...given: unknown[]): number => {
    lastTimer += 1
    const id = lastTimer
    timers.set(id, { repeats, run: () => callback(...given) })
    tell({ kind: 'timer', id, delay: Number(delay) || 0, repeats })
    return id
  }
}

function clearTimer(id: number): void {
  if (timers.delete(id)) tell({ kind: 'clear-timer', id })
}

const setTimeout = addTimer(false)

// Native modules

const listenerMethods = { addListener() {}, removeListeners() {} }
let lastRequest = 0

/** Android's JavaScript numbers the requests itself; that of iOS receives the number, a little later. */
const networking = {
  ...listenerMethods,
  sendRequest(...given: unknown[]): void {
    if (vm.platform === 'ios') {
      const [query, reportId] = given as [Json, Callback]
      lastRequest += 1
      const id = lastRequest
      const { method, url, headers, data, responseType, incrementalUpdates } = query
      const isIncremental = incrementalUpdates
      const request = { id, method, url, headers: Object.entries(headers as Json), data, responseType, isIncremental }
      setTimeout(() => {
        reportId(id)
        tell({ kind: 'request', request: request as NativeRequest })
      }, idDelay)
    } else {
      const [method, url, id, headers, data, responseType, isIncremental] = given
      const request = { id, method, url, headers, data, responseType, isIncremental } as NativeRequest
      tell({ kind: 'request', request })
    }
  },
  abortRequest: (id: number) => tell({ kind: 'abort', id }),
  clearCookies() {},
}

const modules: Record<string, unknown> = {
  Networking: networking,
  AppState: {
    ...listenerMethods,
    getConstants: () => ({ initialAppState: 'active' }),
    getCurrentAppState: (success: Callback) => success({ app_state: 'active' }),
  },
  PlatformConstants: {
    getConstants: () => ({
      isTesting: true,
      reactNativeVersion: { major: 0, minor: 0, patch: 0 },
      // Android's, then those of iOS.
      Version: 35,
      uiMode: 'normal',
      osVersion: '18.0',
      systemName: 'iOS',
      interfaceIdiom: 'phone',
      forceTouchAvailable: false,
    }),
  },
  SourceCode: { getConstants: () => ({ scriptURL: '' }) },
  ExceptionsManager: {
    reportException: (exception: { message: string; stack: unknown }) =>
      tell({ kind: 'uncaught', error: exception.message }),
    updateExceptionMessage() {},
  },
  DeviceInfo: {
    getConstants() {
      const screen = { width: 1, height: 1, scale: 1, fontScale: 1 }
      return { Dimensions: { window: screen, screen } }
    },
  },
  NativeMicrotasksCxx: {
    queueMicrotask: (callback: Callback) => void Promise.resolve().then(() => guard(callback)),
  },
  NativePerformanceCxx: {
    now: () => Date.now() - startTime,
    timeOrigin: () => startTime,
    reportMark() {},
    reportMeasure() {},
    clearMarks() {},
    clearMeasures() {},
    getSupportedPerformanceEntryTypes: () => [],
  },
  // Every feature flag is off.
  NativeReactNativeFeatureFlagsCxx: new Proxy({}, { get: () => () => false }),
}

const startTime = Date.now()
const missing = new Set<string>()
const callableModules: Record<string, () => { emit: Callback }> = {}

function getModule(name: string): unknown {
  if (!(name in modules) && !missing.has(name)) {
    missing.add(name)
    tell({ kind: 'missing-module', name })
  }
  return modules[name]
}

const host: Host = {
  load: (source) => guard(() => vm.eval(source)),
  emit: (type, ...values) => guard(() => callableModules['RCTDeviceEventEmitter']?.().emit(type, ...values)),
  runTimer(id) {
    const timer = timers.get(id)
    if (!timer) return
    if (!timer.repeats) timers.delete(id)
    guard(timer.run)
  },
}

const globals: Json = {
  __host: host,
  __tell: (value: unknown) => tell({ kind: 'program', value }),
  __turboModuleProxy: getModule,
  nativeModuleProxy: {},
  RN$Bridgeless: true,
  RN$registerCallableModule: (name: string, factory: () => { emit: Callback }) => {
    callableModules[name] = factory
  },
  nativeLoggingHook: (text: string, level: number) => tell({ kind: 'log', level, text }),
  nativePerformanceNow: () => Date.now() - startTime,
  performance: { now: () => Date.now() - startTime },
  setTimeout,
  setInterval: addTimer(true),
  clearTimeout: clearTimer,
  clearInterval: clearTimer,
  setImmediate: undefined,
}
for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
}
