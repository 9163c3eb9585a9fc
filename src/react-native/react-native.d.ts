// As much of React Native's types as is used here: its package is the app's, and is not installed with this one.
declare module 'react-native' {
  export type AppStateStatus = 'active' | 'background' | 'inactive' | 'unknown' | 'extension'

  export const AppState: {
    readonly currentState: AppStateStatus | null
    readonly isAvailable: boolean
    addEventListener(type: 'change', listener: (state: AppStateStatus) => void): { remove(): void }
  }

  export const Platform: { readonly OS: string }
}
