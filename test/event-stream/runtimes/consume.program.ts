import process from 'node:process'
import { type ConsumerName, consumers } from './consumers.ts'

// The program `consume NAME URL ARGUMENT…` prints the result of a consumer and its memory as JSON.
const [name, url = '', ...given] = process.argv.slice(2)
const consumer = consumers[name as ConsumerName] as (url: string, ...given: number[]) => Promise<unknown>
const result = await consumer(url, ...given.map(Number))
// The maximum memory in KiB, which Deno does not provide.
const { maxRSS = 0 } = process.resourceUsage?.() ?? {}
console.log(JSON.stringify({ result, maxRSS }))
