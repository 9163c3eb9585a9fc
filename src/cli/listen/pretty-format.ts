import type { ServerSentEvent } from '../../index.ts'
import type { Output } from '../output.ts'
import { colorize, type TextStyle } from '../terminal/color.ts'
import { escapeControls } from '../terminal/escape-controls.ts'
import { padColumns, textWidth } from '../terminal/text-width.ts'
import { formatDateTime, formatTime } from '../terminal/time-of-day.ts'
import type { EventFormat } from './event-format.ts'
import { layOutJson } from './json-layout.ts'

/** The number of columns if the output is not a terminal. */
const defaultColumns = 100

/** The maximum width of the columns for names and ids: longer ones push the payload to the right. */
const maxColumnWidth = 20

const indentation = '    '

/** Creates a format for people: time, name, id and payload in columns, with long JSON on several lines. */
export function createPrettyFormat({ terminal }: Pick<Output, 'terminal'>, hasDates: boolean): EventFormat {
  let nameWidth = 0
  let idWidth = 0
  const style = (text: string, textStyle: TextStyle): string => colorize(text, textStyle, terminal)

  return ({ type, lastEventId, data }, receivedAt) => {
    const time = (hasDates ? formatDateTime : formatTime)(receivedAt)
    const name = escapeControls(type)
    const id = lastEventId && `#${escapeControls(lastEventId)}`
    nameWidth = Math.min(Math.max(nameWidth, textWidth(name)), maxColumnWidth)
    idWidth = Math.min(Math.max(idWidth, textWidth(id)), maxColumnWidth)
    const columns = [
      [time, style(time, 'dim')],
      [padColumns(name, nameWidth), style(padColumns(name, nameWidth), 'cyan')],
      ...(idWidth > 0 ? [[padColumns(id, idWidth), style(padColumns(id, idWidth), 'dim')]] : []),
    ]
    const width = columns.reduce((sum, [plain = '']) => sum + textWidth(plain) + 2, 0)
    const head = columns.map(([, styled]) => styled).join('  ')
    const lines = layOutPayload(data, (terminal?.columns ?? defaultColumns) - width)
    if (lines.length === 1) return `${head}  ${lines[0]}\n`
    return `${head}\n${lines.map((line) => `${indentation}${line}\n`).join('')}`
  }
}

/** Splits a payload into lines: JSON stays on one line if it fits, and any other text keeps its own lines. */
function layOutPayload(data: ServerSentEvent['data'], width: number): string[] {
  if (!isJsonContainer(data)) return data.split('\n').map(escapeControls)
  const line = data.includes('\n') ? layOutJson(data, 'one line') : data.trim()
  const lines = textWidth(escapeControls(line)) <= width ? [line] : layOutJson(data, 'indented').split('\n')
  return lines.map(escapeControls)
}

function isJsonContainer(data: string): boolean {
  if (!/^\s*[{[]/.test(data)) return false
  try {
    JSON.parse(data)
    return true
  } catch {
    return false
  }
}
