/** What React Native's networking module is asked for, by either platform's JavaScript. */
export interface NativeRequest {
  readonly id: number
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The body, in one of React Native's notations. */
  readonly data: { readonly string?: string; readonly base64?: string }
  readonly responseType: 'text' | 'base64' | 'blob'
  readonly isIncremental: boolean
}

/** What the program in the VM prints, each as a line of JSON after the mark. */
export type Message =
  | { readonly kind: 'request'; readonly request: NativeRequest }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'timer'; readonly id: number; readonly delay: number; readonly repeats: boolean }
  | { readonly kind: 'clear-timer'; readonly id: number }
  | { readonly kind: 'log'; readonly level: number; readonly text: string }
  | { readonly kind: 'uncaught'; readonly error: string }
  | { readonly kind: 'missing-module'; readonly name: string }
  /** What a program reports to its test. */
  | { readonly kind: 'program'; readonly value: unknown }

export const messageMark = '\u0001'

/** What the VM receives, as arguments of a call of `__host`. */
export interface Host {
  /** Evaluates a script. */
  load(source: string): void
  /** Emits an event of a native module. */
  emit(type: string, ...values: unknown[]): void
  runTimer(id: number): void
}
