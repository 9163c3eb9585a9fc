// Takes the place of the package `react-native` in a program that is loaded after it.
interface ReactNative {
  readonly AppState: unknown
  readonly Platform: unknown
}

export const { AppState, Platform } = (globalThis as unknown as { __reactNative: ReactNative }).__reactNative
