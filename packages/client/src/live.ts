import type { AppRouter } from '@stockroom/server'
import type { OperationLink, TRPCLink } from '@trpc/client'
import { httpSubscriptionLink } from '@trpc/client'
import type { Unsubscribable } from '@trpc/server/observable'
import { observable } from '@trpc/server/observable'
import type superjson from 'superjson'

type Fields = Readonly<Record<string, string>>

/** Fields of a request's head, or what is asked for them before each. */
export type RequestHeaders = Fields | (() => Fields | Promise<Fields>)

interface LiveOptions {
  readonly url: string
  readonly transformer: typeof superjson
  readonly fetch?: typeof fetch | undefined
  readonly headers?: RequestHeaders | undefined
}

/** Subscriptions over server-sent events. */
export function live(options: LiveOptions): TRPCLink<AppRouter> {
  return (runtime) => {
    let loaded: Promise<OperationLink<AppRouter>> | undefined
    return ({ op, next }) =>
      observable((observer) => {
        let subscription: Unsubscribable | undefined
        let isLeft = false
        const subscribe = (link: OperationLink<AppRouter>): void => {
          if (!isLeft) subscription = link({ op, next }).subscribe(observer)
        }
        loaded ??= load(options).then((link) => link(runtime))
        loaded.then(subscribe, (error) => {
          // The next try loads it again.
          loaded = undefined
          observer.error(error)
        })
        return () => {
          isLeft = true
          subscription?.unsubscribe()
        }
      })
  }
}

/** Node has no EventSource, and a browser's takes neither headers nor a fetch: then alone the package is loaded. */
async function load({ url, transformer, fetch, headers }: LiveOptions): Promise<TRPCLink<AppRouter>> {
  const isNative = 'EventSource' in globalThis && !fetch && !headers
  if (isNative) return httpSubscriptionLink({ url, transformer })
  const { EventSource } = await import('eventsource')
  return httpSubscriptionLink({
    url,
    transformer,
    EventSource,
    eventSourceOptions: {
      async fetch(input, init) {
        const own = typeof headers === 'function' ? await headers() : headers
        return (fetch ?? globalThis.fetch)(input, { ...init, headers: { ...own, ...init.headers } })
      },
    },
  })
}
