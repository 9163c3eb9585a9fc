import process from 'node:process'
import { type ClientName, clients } from './clients.ts'

// A client as a program of its own: `client.mjs NAME URL ARGUMENT…` prints as JSON what it returns, and what it needed.
const [name, url = '', ...given] = process.argv.slice(2)
const client = clients[name as ClientName] as (url: string, ...given: number[]) => Promise<unknown>
const result = await client(url, ...given.map(Number))
// The most memory that it ever had, in KiB; Deno does not know.
const { maxRSS = 0 } = process.resourceUsage?.() ?? {}
console.log(JSON.stringify({ result, maxRSS }))
