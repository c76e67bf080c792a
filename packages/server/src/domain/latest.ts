/** What a reader has yet to read: of each key the latest value alone, however slowly it reads. */
export interface Latest<Value> {
  put(key: string, value: Value): void
  /** The values as they come, in the order in which their keys did. Ends by throwing the signal's reason. */
  read(signal: AbortSignal): AsyncGenerator<Value, void>
}

export function latest<Value>(): Latest<Value> {
  const waiting = new Map<string, Value>()
  let news = Promise.withResolvers<void>()
  const wake = (): void => news.resolve()

  return {
    put(key, value) {
      waiting.set(key, value)
      wake()
    },
    async *read(signal) {
      signal.addEventListener('abort', wake)
      try {
        for (;;) {
          for (const [key, value] of waiting) {
            signal.throwIfAborted()
            waiting.delete(key)
            yield value
          }
          signal.throwIfAborted()
          await news.promise
          news = Promise.withResolvers()
        }
      } finally {
        signal.removeEventListener('abort', wake)
      }
    },
  }
}
