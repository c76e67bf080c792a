import type { Binary, ClientSession, Timestamp } from 'mongodb'

/** For so long after anybody else has written, or a commit was lost, the stream tells all that is written. */
const ALONE_AFTER_MS = 2000

/**
 * What this process's own desk writes is known from the answers to its commits. As long as nobody else writes, the stream
 * of changes may leave it out (decision record 8).
 */
export interface OwnWrites {
  /** The desk's session. */
  readonly id: Binary
  /** A commit was acknowledged. The desk commits one after another, so those before it are settled too. */
  acknowledged(): void
  /** Nobody knows whether a commit took effect: only the stream can tell. */
  lost(): void
  othersWrote(): void
  /** Up to this time of the database's clock, every commit is settled. */
  settledUntil(): Timestamp | undefined
  /** Whether all that must be told had long happened when this was asked for (`performance.now()`). */
  mayBeLeftOut(askedAt: number): boolean
  /** The stream begins anew; what it leaves out is settled up to there. */
  streamBegins(tells: 'all' | 'others'): void
  /** Where a commit that was lost since then stands in the stream, if it took effect: behind this time, or `begin`. */
  lostBehind(begin: Timestamp): Timestamp | undefined
}

export function openOwnWrites(
  session: Pick<ClientSession, 'id' | 'clusterTime'>,
  aloneAfterMs = ALONE_AFTER_MS,
): OwnWrites {
  let settledUntil: Timestamp | undefined
  let isSettled = true
  let lost: { readonly behind: Timestamp | undefined } | undefined
  let disturbedAt = -Infinity

  return {
    id: session.id!.id,
    acknowledged() {
      // The latest that the session has heard of: not before this commit, and before all that it commits next.
      settledUntil = session.clusterTime?.clusterTime
      // The stream has yet to come to what was lost before.
      if (!isSettled) disturbedAt = performance.now()
      isSettled = true
    },
    lost() {
      lost ??= { behind: settledUntil }
      isSettled = false
      disturbedAt = performance.now()
    },
    othersWrote: () => void (disturbedAt = performance.now()),
    settledUntil: () => settledUntil,
    mayBeLeftOut: (askedAt) => isSettled && askedAt - disturbedAt >= aloneAfterMs,
    streamBegins(tells) {
      lost = undefined
      if (tells === 'all') disturbedAt = performance.now()
    },
    lostBehind: (begin) => lost && (lost.behind ?? begin),
  }
}
