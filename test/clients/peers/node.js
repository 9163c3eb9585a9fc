// Prints the messages that a client receives in Node.
//
//   node node.js NAME URL
import process from 'node:process'

const [name, url] = process.argv.slice(2)
const { clients } = await import('./adapters.js')
clients[name].open(url, {}, (type, details) => type === 'message' && console.log(details))
