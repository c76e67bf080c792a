/** More callers than these make a batch that is large enough, and the next one better begins while they are answered. */
const FEW = 64
/** They are waited for as long as their commit took and this, which callers on the same host or next to it seldom need. */
const PATIENCE_MS = 2
const MAX_PATIENCE_MS = 10
/** Callers who stay away so often in a row live too far away, or have no next order: for a while they are not waited for. */
const MISSES = 5
const AWAY_MS = 1000

/**
 * The callers who are at the desk at the same time. A commit costs the database nearly as much for one order as for
 * sixty, so a few who order again as soon as they are answered are served faster all together than in two halves, of
 * which each waits for the other's commit.
 */
export class Regulars {
  #expected = 0
  #patienceMs = 0
  #misses = 0
  #awayUntil = -Infinity
  #allBack: (() => void) | undefined

  /** Whether so many callers are worth waiting for, once they are answered. One alone has nobody to wait for. */
  areAwaited(callers: number): boolean {
    return callers > 1 && callers <= FEW && performance.now() >= this.#awayUntil
  }

  /** `tookMs`: what their commit took. */
  expect(callers: number, tookMs: number): void {
    this.#expected = callers
    this.#patienceMs = Math.min(PATIENCE_MS + tookMs, MAX_PATIENCE_MS)
  }

  arrived(waiting: number): void {
    if (waiting >= this.#expected) this.#allBack?.()
  }

  /** Until all who are expected wait again, or some of them stay away. */
  async back(waiting: number): Promise<void> {
    if (waiting < this.#expected) {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const timer = setTimeout(() => resolve(false), this.#patienceMs)
      this.#allBack = () => resolve(true)
      this.#heed(await promise)
      clearTimeout(timer)
      this.#allBack = undefined
    }
    this.#expected = 0
  }

  #heed(cameBack: boolean): void {
    this.#misses = cameBack ? 0 : this.#misses + 1
    if (this.#misses < MISSES) return
    this.#misses = 0
    this.#awayUntil = performance.now() + AWAY_MS
  }
}
