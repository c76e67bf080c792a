/** How many row numbers a report shows for each reason. */
const SHOWN = 20

export interface RefusedRows {
  readonly reason: string
  readonly count: number
  /** The first 20. */
  readonly rows: readonly number[]
}

/** Gathers the rows that were refused, by reason, in order of first appearance. */
export class Refusals {
  readonly #byReason = new Map<string, { count: number; rows: number[] }>()

  add(reason: string, row: number): void {
    const entry = this.#byReason.get(reason) ?? { count: 0, rows: [] }
    entry.count++
    if (entry.rows.length < SHOWN) entry.rows.push(row)
    this.#byReason.set(reason, entry)
  }

  list(): RefusedRows[] {
    return Array.from(this.#byReason, ([reason, entry]) => ({ reason, ...entry }))
  }
}
