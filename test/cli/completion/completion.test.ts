import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasTerminal, killCommands, runCommand, startProgramOnTerminal } from '../command.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'everysource-completion-'))
  await writeFile(join(directory, 'events.txt'), '')
})
afterAll(async () => {
  killCommands()
  await rm(directory, { recursive: true, force: true })
})

function isInstalled(shell: string): boolean {
  if (spawnSync(shell, ['--version']).status === 0) return true
  if (process.env['CI']) throw new Error(`${shell} is not installed`)
  console.warn(`SKIPPED: ${shell} is not installed`)
  return false
}

/** Runs a shell in the directory of the tests, and returns its output. */
function runShell(shell: string, shellArguments: readonly string[]): string {
  return spawnSync(shell, shellArguments, { cwd: directory, encoding: 'utf8' }).stdout
}

/** Writes the completion script of a shell to a file, and returns its path. */
async function writeScript(shell: string): Promise<string> {
  const { stdout, stderr, exitCode } = await runCommand(['completion', shell])
  expect([stderr, exitCode]).toEqual(['', 0])
  const path = join(directory, `completion.${shell}`)
  await writeFile(path, stdout)
  return path
}

/** Command lines, and the words that complete the last word of each. */
const completions: readonly (readonly [words: readonly string[], expected: readonly string[]])[] = [
  [['--fo'], ['--format']],
  [['--max-'], ['--max-attempts', '--max-events']],
  [['--format', 'p'], ['pretty']],
  [['doc'], ['doctor']],
  [['doctor', '--or'], ['--origin']],
  [['doctor', '--max-'], []],
  [['demo', '--m'], ['--max-events']],
  [
    ['completion', ''],
    ['bash', 'fish', 'zsh'],
  ],
  [['help', 'de'], ['demo']],
  [['--state', 'ev'], ['events.txt']],
]

describe.skipIf(!isInstalled('bash'))('bash completes words', () => {
  test.for(completions)('The words %j are completed to %j', async ([words, expected]) => {
    const script = await writeScript('bash')
    const program = `source "$1"; shift; COMP_WORDS=(everysource "$@"); COMP_CWORD=$#; _everysource; printf '%s\\n' "\${COMPREPLY[@]}"`
    const stdout = runShell('bash', ['-c', program, 'bash', script, ...words])
    expect(stdout.split('\n').filter(Boolean).toSorted()).toEqual(expected)
  })
})

/** Words with = or @, which bash treats as separate words, and their completion on a terminal. */
const separated: readonly (readonly [typed: string, expected: string])[] = [
  ['--format=p', '--format=pretty'],
  ['--state=ev', '--state=events.txt'],
  ['-d @ev', '-d @events.txt'],
  ['--body=@ev', '--body=@events.txt'],
]

describe.skipIf(!hasTerminal || !isInstalled('bash'))('bash completes lines on a terminal', () => {
  // Without = and @, a word is not split.
  const wordBreaks = ['', `COMP_WORDBREAKS=' ';`]
  test.for(wordBreaks.flatMap((setting) => separated.map((each) => [setting, ...each] as const)))(
    'After %j, the line %j is completed to %j',
    async ([setting, typed, expected]) => {
      const script = await writeScript('bash')
      const bash = startProgramOnTerminal(`cd ${directory} && exec env TERM=dumb bash --norc -i`)
      bash.type(`PS1='ready> '; ${setting} source ${script}; everysource() { echo "[$*]"; }; echo loaded\n`)
      await bash.printed('\nloaded')
      bash.type(`everysource ${typed}\t\n`)
      await bash.printed('\n[')
      bash.kill('SIGKILL')
      const { stdout } = await bash.result
      expect(stdout).toContain(`\n[${expected}]`)
    },
  )
})

describe.skipIf(!isInstalled('fish'))('fish completes words', () => {
  test.for(completions)('The words %j are completed to %j', async ([words, expected]) => {
    const script = await writeScript('fish')
    const program = `source ${script}; complete -C 'everysource ${words.join(' ')}'`
    const stdout = runShell('fish', ['--no-config', '-c', program])
    const completed = stdout.split('\n').flatMap((line) => line.split('\t')[0] || [])
    expect(completed.toSorted()).toEqual(expected)
  })
})

describe.skipIf(!hasTerminal || !isInstalled('zsh'))('zsh completes words and lines', () => {
  // Zsh completes only on a terminal; a word with one completion is replaced by it.
  const unique = completions.filter(([, expected]) => expected.length === 1)
  test.for(unique)('The words %j are completed to %j', async ([words, [expected]]) => {
    const script = await writeScript('zsh')
    const zsh = startProgramOnTerminal(`cd ${directory} && exec zsh -f -i`)
    zsh.type(`PS1='ready> '; autoload -U compinit; compinit -u -D; source ${script}; echo loaded\n`)
    await zsh.printed('\nloaded')
    // The line is not run, but printed when it is accepted.
    zsh.type(`everysource() { print -r -- "[$*]"; }\neverysource ${words.join(' ')}\t\n`)
    await zsh.printed(`\n[${[...words.slice(0, -1), expected].join(' ')}`)
    zsh.kill('SIGKILL')
    const { stdout } = await zsh.result
    expect(stdout).toMatch(new RegExp(`\\n\\[${[...words.slice(0, -1), expected].join(' ')} ?\\]`))
  })

  test.for(separated)('The line %j is completed to %j', async ([typed, expected]) => {
    const script = await writeScript('zsh')
    const zsh = startProgramOnTerminal(`cd ${directory} && exec zsh -f -i`)
    zsh.type(`PS1='ready> '; autoload -U compinit; compinit -u -D; source ${script}; echo loaded\n`)
    await zsh.printed('\nloaded')
    zsh.type(`everysource() { print -r -- "[$*]"; }\neverysource ${typed}\t\n`)
    await zsh.printed('\n[')
    zsh.kill('SIGKILL')
    const { stdout } = await zsh.result
    expect(stdout).toContain(`\n[${expected}]`)
  })
})

test.for([[], ['tcsh'], ['bash', 'zsh']])('The arguments %j lead to one line and exit code 2', async (shells) => {
  expect(await runCommand(['completion', ...shells])).toEqual({
    stdout: '',
    stderr: 'everysource: expected a shell: everysource completion bash|zsh|fish\n',
    exitCode: 2,
    signal: null,
  })
})
