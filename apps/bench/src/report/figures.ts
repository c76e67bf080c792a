const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export const figure = (value: number): string => whole.format(value)

/** `0.42`, `4.2`, `42`: two digits that mean something, and all of a larger number. */
function short(value: number): string {
  if (value >= 10) return figure(value)
  return value.toFixed(value >= 1 ? 1 : 2)
}

export const times = (value: number): string => `${short(value)}×`
export const ms = (value: number): string => (value < 10 ? value.toFixed(1) : figure(value))
export const none = '–'
