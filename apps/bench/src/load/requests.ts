/** The orders that are placed: each of `lines` neighbouring products, one unit of each. */
export interface OrderRequests {
  readonly door: 'rest' | 'trpc'
  readonly productIds: readonly string[]
  readonly lines: number
}

/** How many order lines are kept ready as text: enough for every product of a large shop to be ordered. */
const READY_LINES = 200_000

/** The requests, made once: what is measured must not wait for them to be put together. */
export function requestPool({ door, productIds, lines }: OrderRequests): string[] {
  const count = Math.max(1, Math.min(productIds.length, Math.ceil(READY_LINES / lines)))
  const step = productIds.length / count
  return Array.from({ length: count }, (_, index) => {
    const first = Math.floor(index * step)
    const products = Array.from({ length: lines }, (_, line) => productIds[(first + line) % productIds.length]!)
    return door === 'rest'
      ? restRequest(`buyer-${index % 100}`, products)
      : rpcRequest(`buyer-${index % 100}`, products)
  })
}

/** The short form for a single line, as all contenders understand it. */
function restRequest(user: string, [product, ...more]: readonly string[]): string {
  const order =
    more.length === 0
      ? { product_id: product, quantity: 1 }
      : { lines: [product, ...more].map((id) => ({ product_id: id, quantity: 1 })) }
  return post('/orders', { user_id: user, ...order })
}

function rpcRequest(user: string, [product, ...more]: readonly string[]): string {
  const order =
    more.length === 0
      ? { productId: product, quantity: 1 }
      : { lines: [product, ...more].map((id) => ({ productId: id, quantity: 1 })) }
  return post('/trpc/orders.create', { json: { userId: user, ...order } })
}

function post(path: string, body: object): string {
  const text = JSON.stringify(body)
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`
}
