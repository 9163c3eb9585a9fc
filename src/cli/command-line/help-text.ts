import type { Options } from './command-line.ts'

/** A section of a help text: a heading, and the options below it. */
export type HelpSection = readonly [heading: string, options: Options]

/** Formats the options of all sections as two aligned columns. */
export function formatOptions(sections: readonly HelpSection[]): string {
  const tables = sections.map(([heading, options]) => ({
    heading,
    rows: Object.entries(options).map(([name, { short, value, help }]) => ({
      left: `  ${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`,
      help,
    })),
  }))
  const width = 2 + Math.max(...tables.flatMap(({ rows }) => rows.map(({ left }) => left.length)))
  return tables
    .map(({ heading, rows }) => {
      const lines = rows.map(({ left, help }) => left.padEnd(width) + help.replaceAll('\n', `\n${' '.repeat(width)}`))
      return `${heading}:\n${lines.join('\n')}\n`
    })
    .join('\n')
}
