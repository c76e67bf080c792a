import { ShopError } from './errors.ts'

/** The watches of a process: so many and no more, and all of them end with the shop. */
export interface Watches extends Disposable {
  /** Begins a watch when it is first read. Throws BUSY where there are too many. */
  open<Item>(watch: (ended: AbortSignal) => AsyncIterable<Item>, signal?: AbortSignal): AsyncGenerator<Item, void>
}

const MAX_WATCHES = 10_000

export function openWatches(most = MAX_WATCHES): Watches {
  const closed = new AbortController()
  let open = 0
  return {
    open(watch, signal) {
      if (open >= most) throw new ShopError('BUSY', {})
      return counted(watch(signal ? AbortSignal.any([signal, closed.signal]) : closed.signal))
    },
    [Symbol.dispose]: () => closed.abort(),
  }

  async function* counted<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item, void> {
    open++
    try {
      for await (const item of items) yield item
    } finally {
      open--
    }
  }
}
