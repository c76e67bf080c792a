/**
 * Decimal text in major units as whole minor units, rounded half up: `2.345` with two decimal places is 235. Exact:
 * no floating point is involved. Undefined for what is not a decimal number of 0 or more, or too large to be exact.
 */
export function toMinorUnits(text: string, places: number): number | undefined {
  const match = /^\+?(\d*)(?:\.(\d*))?$/.exec(text)
  const [whole = '', fraction = ''] = match?.slice(1) ?? []
  if (!match || whole + fraction === '') return undefined
  const kept = BigInt(whole + fraction.slice(0, places).padEnd(places, '0'))
  const amount = Number(fraction.charAt(places) >= '5' ? kept + 1n : kept)
  return Number.isSafeInteger(amount) ? amount : undefined
}

/** Whether the text is a decimal number above zero, however small. */
export function isPositiveDecimal(text: string): boolean {
  return /^\+?(?:\d+\.?\d*|\.\d+)$/.test(text) && /[1-9]/.test(text)
}

/** The whole number that the text is, as `6` or as `6.0`; undefined for anything else. */
export function toWholeNumber(text: string): number | undefined {
  return /^[+-]?\d+(?:\.0*)?$/.test(text) ? Number(text) : undefined
}
