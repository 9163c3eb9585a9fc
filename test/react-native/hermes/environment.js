// React Native's own JavaScript, as Metro bundles it for an app: everything that it puts on the global object, and its
// package for the program that is loaded afterwards.
require('react-native/Libraries/Core/InitializeCore')

const AppState = require('react-native/Libraries/AppState/AppState')
const Platform = require('react-native/Libraries/Utilities/Platform')

Object.defineProperty(globalThis, '__reactNative', {
  value: { AppState: AppState.default ?? AppState, Platform: Platform.default ?? Platform },
})
