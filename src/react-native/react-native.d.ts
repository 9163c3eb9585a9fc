// The part of React Native's types that is used here: its package is installed by the app, not by this one.
declare module 'react-native' {
  export type AppStateStatus = 'active' | 'background' | 'inactive' | 'unknown' | 'extension'

  export const AppState: {
    readonly currentState: AppStateStatus | null
    readonly isAvailable: boolean
    addEventListener(type: 'change', listener: (state: AppStateStatus) => void): { remove(): void }
  }

  export const Platform: { readonly OS: string }
}
