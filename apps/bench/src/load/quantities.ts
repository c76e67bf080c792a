interface Product {
  readonly id: string
  readonly quantity: number
}

/** What either door answers with: a page, a product, or an order, which shows none. */
type Body =
  | { readonly products: readonly Product[] }
  | { readonly product: Product }
  | { readonly order: unknown }
  | readonly [
      { readonly result: { readonly data: { readonly json: { readonly items: readonly Product[] } | Product } } },
    ]

/** The units of each product that an answer shows. */
export function quantitiesIn(text: string): Map<string, number> {
  return new Map(productsIn(JSON.parse(text) as Body).map(({ id, quantity }) => [id, quantity]))
}

function productsIn(body: Body): readonly Product[] {
  if ('products' in body) return body.products
  if ('product' in body) return [body.product]
  if ('order' in body) return []
  const { json } = body[0].result.data
  return 'items' in json ? json.items : [json]
}
