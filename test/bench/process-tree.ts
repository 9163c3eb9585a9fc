import { readdir, readFile } from 'node:fs/promises'

/** Linux counts CPU time in units of 10 ms. */
const microsecondsPerTick = 10_000

interface ProcessState {
  readonly pid: number
  readonly parent: number
  readonly cpu: number
}

/** Returns an empty array if the process has ended. */
async function readState(pid: string): Promise<ProcessState[]> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The second field is a name in parentheses, which may contain any character.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [parent = 0] = fields.slice(1)
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11)
    return [{ pid: Number(pid), parent, cpu: (user + system + endedUser + endedSystem) * microsecondsPerTick }]
  } catch {
    return []
  }
}

/**
 * Returns the CPU time in µs of all descendants of a process.
 * @param except a process that is excluded, with its descendants
 * @returns undefined if the system has no /proc as Linux has
 */
export async function cpuOfDescendants(ancestor: number, except: number): Promise<number | undefined> {
  let names: string[]
  try {
    names = await readdir('/proc')
  } catch {
    return undefined
  }
  const states = (await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(readState))).flat()
  const family = new Set([ancestor])
  let cpu = 0
  for (let size = 0; size < family.size; ) {
    size = family.size
    for (const state of states) {
      if (state.pid === except || family.has(state.pid) || !family.has(state.parent)) continue
      family.add(state.pid)
      cpu += state.cpu
    }
  }
  return family.size > 1 ? cpu : undefined
}
