let lastTime = NaN
let lastText = ''

/**
 * A time as JSON has it. The times of an order, and those of all orders of a batch, are mostly one and the same, and to
 * write one out takes V8 a third of a microsecond.
 */
export function isoText(date: Date): string {
  const time = date.getTime()
  if (time !== lastTime) {
    lastText = date.toISOString()
    lastTime = time
  }
  return lastText
}
