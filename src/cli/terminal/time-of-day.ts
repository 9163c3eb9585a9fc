function pad(number: number, length: number): string {
  return String(number).padStart(length, '0')
}

/** Formats the local time with tenths of a second, such as 07:33:05.8. */
export function formatTime(date: Date): string {
  const [hours = '', minutes = '', seconds = ''] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((each) =>
    pad(each, 2),
  )
  return `${hours}:${minutes}:${seconds}.${Math.floor(date.getMilliseconds() / 100)}`
}

/** Formats the local date and time with milliseconds, such as 2026-01-31 07:33:05.812. */
export function formatDateTime(date: Date): string {
  const day = `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)}`
  return `${day} ${formatTime(date)}${pad(date.getMilliseconds() % 100, 2)}`
}
