import type { ShopClient } from '@stockroom/client'
import { createShopClient } from '@stockroom/client'
import type { Shop } from '@stockroom/server'
import { serve } from '@stockroom/server/http'
import { testShop } from '../../server/tests/_shop.ts'

export interface TestServer extends AsyncDisposable {
  readonly url: string
  readonly client: ShopClient
  readonly shop: Shop
}

/** A shop in a fresh database behind its real HTTP doors. */
export async function testServer(): Promise<TestServer> {
  await using stack = new AsyncDisposableStack()
  const { shop } = stack.use(await testShop())
  const { url } = stack.use(await serve({ shop, port: 0, drainMs: 0 }))
  const open = stack.move()
  return { url, shop, client: createShopClient({ url }), [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** `fetch`, and what it was asked for: one entry a request, in their order. */
export function recordingFetch() {
  const requests: { path: string; headers: Headers; calls: number }[] = []
  const fetch: typeof globalThis.fetch = (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    requests.push({ path: pathname, headers: new Headers(init?.headers), calls: pathname.split(',').length })
    return globalThis.fetch(input, init)
  }
  return { fetch, requests }
}
