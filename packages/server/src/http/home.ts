/** What `/` shows: where everything is, and first calls to copy, of the shop at this address (`http://localhost:8000`). */
export const homePage = (url: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stockroom</title>
<style>
:root { color-scheme: light dark }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1.25rem }
h1 { margin-bottom: 0 }
pre { padding: 1rem; border-radius: .5rem; overflow-x: auto; background: color-mix(in srgb, currentColor 8%, transparent) }
li { margin: .25rem 0 }
</style>
</head>
<body>
<h1>Stockroom</h1>
<p>Products and orders: it cannot oversell, and loses no order that it has acknowledged.</p>
<ul>
<li><a href="/products">/products</a>: the catalogue</li>
<li><a href="/orders">/orders</a>: the orders</li>
<li><a href="/docs">/docs</a>: the REST API, to try in the browser (<a href="/openapi.json">openapi.json</a>)</li>
<li><code>/trpc</code>: the same for the typed client</li>
<li><a href="/livez">/livez</a>, <a href="/readyz">/readyz</a>: for whoever watches the process</li>
</ul>
<h2>Place an order</h2>
<pre>curl '${url}/products?limit=1'

curl -X POST ${url}/orders \\
  -H 'content-type: application/json' \\
  -d '{"user_id":"ada","product_id":"…","quantity":1}'</pre>
<h2>From TypeScript</h2>
<pre>import { createShopClient } from '@stockroom/client'

const shop = createShopClient({ url: '${url}' })
const { items } = await shop.products.list.query()
await shop.orders.create.mutate({ userId: 'ada', productId: items[0].id, quantity: 1 })</pre>
</body>
</html>
`
