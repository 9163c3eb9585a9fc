import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startHttpServer } from '../http-server.ts'
import { samplesFor } from './documents.ts'
import { type SampleProject, startSampleProject } from './sample-project.ts'

const runner = 'package/shell.test.ts'
const inReadme = await samplesFor(runner, 'README.md')
const inCommand = await samplesFor(runner, 'src/cli/README.md')

const doctor = 'npx everysource doctor --origin https://app.example http://localhost:3000/feed'
const stateFile = 'last-event-id.txt'

let project: SampleProject

beforeAll(async () => {
  // As in the documents: doctor has an opinion on times.
  project = await startSampleProject()
})
beforeEach(() =>
  Promise.all([stateFile, 'events.jsonl'].map((name) => rm(join(project.directory, name), { force: true }))),
)
afterAll(() => project[Symbol.asyncDispose]())

/** Lines without the numbers that differ from run to run, and without those that stand for others. */
const shapeOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => !/^(…|\^C|)$/.test(line))
    .map((line) =>
      line
        .replaceAll(/localhost:\d+/g, 'localhost')
        .replaceAll(/\d[\d,.:]*/g, '0')
        .replaceAll(/ +/g, ' '),
    )

/** Expects these lines in this order, with others between. */
function expectLinesInOrder(text: string, expected: string): void {
  const lines = shapeOf(text)
  let at = -1
  for (const line of shapeOf(expected)) {
    at = lines.indexOf(line, at + 1)
    expect(at, `${JSON.stringify(line)} in ${JSON.stringify(lines, undefined, 2)}`).toBeGreaterThan(-1)
  }
}

test('README: the command prints events, elsewhere than on a terminal as the lines of JSON that its page shows', async () => {
  using program = project.startShell(inReadme('npx everysource http://localhost:3000/feed'))
  for (const line of inCommand('{"event":"tick","id":"1","data":"{\\"number\\":1}"}').trim().split('\n')) {
    await program.printed(line)
  }
})

test("The command's page: what it prints for people is what it shows", async () => {
  const shown = inCommand('07:33:05.3  connected to http://localhost:3000/feed, 200 OK')
  const line = `${inCommand('npx everysource localhost:3000/feed').trim()} --format pretty --max-events 6 2>&1`
  using program = project.startShell(line)
  const { stdout, exitCode } = await program.exited
  expect(exitCode).toBe(0)
  expectLinesInOrder(stdout, shown)
})

test.for([
  ['npx everysource -H', '{"number":1}\n{"number":2}\n{"number":3}\n{"number":4}\n'],
  ['npx everysource --bearer-command', undefined],
] as const)("The command's page: %s…", async ([start, all]) => {
  const names = {
    'npx everysource -H': `npx everysource -H 'X-Request: 7' -d '{"question":"What comes after four?"}' --data --until '{"number":5}' http://localhost:3000/feed`,
    'npx everysource --bearer-command': `npx everysource --bearer-command 'curl -s http://localhost:3000/token' http://localhost:3000/private`,
  }
  using program = project.startShell(inCommand(names[start]))
  if (all) expect(await program.exited).toMatchObject({ stdout: all, exitCode: 0 })
  // The server ends the response after every fifth event, and a token is good for 8 s.
  else await program.printed('{"event":"tick","id":"16","data":"{\\"number\\":16}"}')
})

test("The command's page: payloads are read by jq, and head ends the command", async () => {
  const [jq = '', head = ''] = inCommand(
    'npx everysource --json --quiet http://localhost:3000/feed | jq --unbuffered .number',
  ).split('\n')
  using numbers = project.startShell(jq)
  await numbers.printed('3')
  using three = project.startShell(head)
  const { stdout } = await three.exited
  expect(stdout.trim().split('\n')).toHaveLength(3)
})

/** Starts follow.sh as its sample says. */
async function follow() {
  await project.write('follow.sh', inCommand('follow.sh'))
  return project.startShell(inCommand('sh follow.sh http://localhost:3000/feed'))
}

/** Resolves once events.jsonl has an event with this id or a later one. */
const hasFollowedTo = (id: number) =>
  expect
    .poll(async () => {
      const text = await readFile(join(project.directory, 'events.jsonl'), 'utf8').catch(() => '')
      return Math.max(0, ...[...text.matchAll(/"id":"(\d+)"/g)].map(([, each]) => Number(each)))
    })
    .toBeGreaterThanOrEqual(id)

const storedId = async (): Promise<number> => Number(await readFile(join(project.directory, stateFile), 'utf8'))

test('listen.mjs of README continues after the file that follow.sh left, and follow.sh after that of listen.mjs', async () => {
  {
    using _following = await follow()
    await hasFollowedTo(2)
  }
  const left = await storedId()
  expect(await readFile(join(project.directory, stateFile), 'utf8')).toBe(`${left}\n`)
  await project.write('listen.mjs', inReadme('listen.mjs'))
  {
    using listening = project.start(['listen.mjs'])
    expect(await listening.firstLine()).toBe(`tick {"number":${left + 1}}`)
    await listening.printed(`tick {"number":${left + 2}}`)
    await expect.poll(storedId).toBeGreaterThanOrEqual(left + 2)
  }
  const leftByListen = await readFile(join(project.directory, stateFile), 'utf8')
  expect(leftByListen).not.toContain('\n')
  await rm(join(project.directory, 'events.jsonl'))
  using _again = await follow()
  await hasFollowedTo(Number(leftByListen) + 1)
  const text = await readFile(join(project.directory, 'events.jsonl'), 'utf8')
  expect(JSON.parse(text.slice(0, text.indexOf('\n')))).toMatchObject({ id: `${Number(leftByListen) + 1}` })
})

test('listen.mjs of README begins at the beginning where there is no file', async () => {
  await project.write('listen.mjs', inReadme('listen.mjs'))
  using listening = project.start(['listen.mjs'])
  expect(await listening.firstLine()).toBe('tick {"number":1}')
  await listening.reported(/ended.*; next attempt in \d+ ms/)
  await listening.printed('tick {"number":6}')
})

test("The command's page: a refusal suggests what to do", async () => {
  await using server = await startHttpServer((_, response) => response.writeHead(503).end())
  const shown = inCommand('everysource: refused: HTTP 503 Service Unavailable from http://localhost:3000/feed')
  using program = project.startShell(`npx everysource ${server.origin}/feed`)
  const { stderr, exitCode } = await program.exited
  expect(exitCode).toBe(3)
  expectLinesInOrder(stderr.replaceAll(server.origin, 'http://localhost'), shown)
})

test("The command's page: bash completes the command's options", async () => {
  const line = `${inCommand('source <(npx everysource completion bash)')} complete -p everysource`
  using program = project.startShell(line, 'bash')
  const { stdout, exitCode } = await program.exited
  expect(stdout).toMatch(/^complete .* everysource$/m)
  // What is completed is a command, also where the package is installed in one project only.
  expect(line).toContain("\nalias everysource='npx everysource'\n")
  expect(exitCode).toBe(0)
})

test('doctor reports what README and its page show', async () => {
  expect(inReadme(doctor)).toBe(inCommand(doctor))
  using program = project.startShell(inReadme(doctor))
  const { stdout, exitCode } = await program.exited
  expect(exitCode).toBe(1)
  expectLinesInOrder(stdout, inReadme('ok    content-type             text/event-stream'))
  const shown = inCommand('http://localhost:3000/feed, observed for up to 10 s')
  expect(shapeOf(stdout)).toEqual(shapeOf(shown))
})
