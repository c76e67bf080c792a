import type { AppRouter } from '@stockroom/server'
import type { TRPCLink } from '@trpc/client'
import { TRPCClientError } from '@trpc/client'
import { observable } from '@trpc/server/observable'

/** The shop answers within seven seconds, or says that it cannot; the rest is for slow networks and large pages. */
const ANSWER_MS = 30_000

/** Ends a try that is not answered: a connection that was cut off somewhere on the way may never say so. */
export const withDeadline: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) =>
    observable((observer) => {
      const stop = new AbortController()
      const follow = (): void => stop.abort(op.signal?.reason)
      if (op.signal?.aborted) follow()
      op.signal?.addEventListener('abort', follow)
      const timer = setTimeout(() => {
        observer.error(TRPCClientError.from(new Error(`The shop gave no answer within ${ANSWER_MS / 1000} seconds.`)))
        stop.abort()
      }, ANSWER_MS)
      const call = next({ ...op, signal: stop.signal }).subscribe(observer)
      return () => {
        clearTimeout(timer)
        op.signal?.removeEventListener('abort', follow)
        call.unsubscribe()
      }
    })
