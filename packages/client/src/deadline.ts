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
      const ended = new AbortController()
      const call = next({ ...op, signal: ended.signal }).subscribe(observer)
      const timer = setTimeout(() => {
        const text = `The shop gave no answer within ${ANSWER_MS / 1000} seconds: check that it runs and can be reached.`
        observer.error(TRPCClientError.from(new Error(text)))
      }, ANSWER_MS)
      return () => {
        clearTimeout(timer)
        call.unsubscribe()
        ended.abort()
      }
    })

/** Ends a call when its caller aborts it: also one that waits for its next try, or shares a request with others. */
export const untilAborted: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) =>
    observable((observer) => {
      const { signal } = op
      const end = (): void => observer.error(TRPCClientError.from(reasonOf(signal)))
      if (signal?.aborted) return end()
      const call = next(op).subscribe(observer)
      signal?.addEventListener('abort', end)
      return () => {
        signal?.removeEventListener('abort', end)
        call.unsubscribe()
      }
    })

function reasonOf(signal: AbortSignal | null | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('The caller has aborted the call.')
}
