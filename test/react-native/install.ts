import { installOnFirstUse } from '../install-on-first-use.ts'
import { areInstalled } from './versions.ts'

/** Installs React Native's JavaScript and build tools on first use. vitest calls this before the tests. */
export default async function installReactNative(): Promise<void> {
  await installOnFirstUse({
    directory: import.meta.dirname,
    title: "React Native's build tools and a Hermes (test/react-native)",
    isComplete: areInstalled,
  })
}
