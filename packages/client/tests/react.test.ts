import { QueryClient } from '@tanstack/react-query'
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query'
import type { AppRouter } from '@stockroom/client/react'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { aProduct } from '../../server/tests/_shop.ts'
import { testServer } from './_server.ts'
import { ShopPage } from './consumer/react-shop.tsx'

test('a component reads the shop through TanStack Query', async () => {
  await using server = await testServer()
  const { client } = server
  await client.products.create.mutate(aProduct({ name: 'Mug', quantity: 5 }))
  const queryClient = new QueryClient()
  const page = () => renderToStaticMarkup(createElement(ShopPage, { client, queryClient }))
  expect(page()).toBe('<ul></ul>')
  const shop = createTRPCOptionsProxy<AppRouter>({ client, queryClient })
  await queryClient.prefetchQuery(shop.products.list.queryOptions({}))
  expect(page()).toBe('<ul><li>Mug: 5 left<button>Buy one</button></li></ul>')
})
