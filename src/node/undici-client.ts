// The one class of undici that most programs need, without the rest, which takes four times as long to load and twice the
// memory.
export { default as Client } from 'undici/lib/dispatcher/client.js'
