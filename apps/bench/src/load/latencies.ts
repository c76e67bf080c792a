export interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Exact: every value is kept. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = Float64Array.from(values).toSorted()
  const at = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? 0
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
