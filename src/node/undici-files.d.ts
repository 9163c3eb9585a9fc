declare module 'undici/lib/dispatcher/client.js' {
  // biome-ignore lint/style/noDefaultExport: that file of undici has no other export.
  export { Client as default } from 'undici'
}
