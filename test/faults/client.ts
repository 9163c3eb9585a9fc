import process from 'node:process'
import { EventSource } from '../../src/index.ts'
import { receiveAll } from './receive-all.ts'

// The client as a program of its own: `client.mjs URL TOTAL` prints a Reception as JSON.
const [url = '', total] = process.argv.slice(2)
console.log(JSON.stringify(await receiveAll(EventSource, url, Number(total))))
