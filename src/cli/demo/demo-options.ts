import { commonOptions, type Options } from '../command-line/command-line.ts'

export const demoOptions = {
  'max-events': { type: 'string', value: 'N', help: 'exit after N events' },
  ...commonOptions,
} as const satisfies Options
