import type { Currency, Money, UpsertResult } from '@stockroom/contracts'
import { add, multiply } from '@stockroom/contracts'
import type { MovementDocument } from '../collections/movements.ts'
import type { OrderDocument, OrderLineDocument } from '../collections/orders.ts'
import type { ProductDocument } from '../collections/products.ts'
import type {
  AddProduct,
  Command,
  PlaceOrder,
  ProductRow,
  ResultOf,
  SetProductQuantity,
  UpsertRows,
} from './commands.ts'
import { ShopError } from './errors.ts'
import type { ProductChange } from './working-stock.ts'
import { WorkingStock } from './working-stock.ts'

/** What the batch's transaction is to write, and each command's answer, in the order of the commands. */
export interface Settlement {
  readonly outcomes: readonly (ResultOf<Command> | ShopError)[]
  readonly orders: readonly OrderDocument[]
  readonly movements: readonly MovementDocument[]
  readonly created: readonly ProductDocument[]
  readonly changes: readonly ProductChange[]
}

/**
 * Decides a batch, first come first served: each command sees the stock as those before it left it, and takes effect
 * whole or not at all. Pure: it neither reads nor writes anything, and a refused command changes nothing.
 */
export function settle(commands: readonly Command[], products: readonly ProductDocument[], time: Date): Settlement {
  const stock = new WorkingStock(products, time)
  const orders: OrderDocument[] = []
  const movements: MovementDocument[] = []
  const outcomes = commands.map((command) => {
    switch (command.kind) {
      case 'placeOrder':
        return placeOrder(command)
      case 'setQuantity':
        return setQuantity(command)
      case 'addProduct':
        return addProduct(command)
      case 'upsertRows':
        return upsertRows(command)
    }
  })
  return { outcomes, orders, movements, created: stock.created(), changes: stock.changes() }

  function placeOrder({ orderId, userId, lines }: PlaceOrder): OrderDocument | ShopError {
    const wanted = lines.map((line) => ({ ...line, product: stock.get(line.productId) }))
    if (!wanted.every(isKnown)) {
      const unknown = wanted.filter((line) => !line.product)
      return new ShopError('PRODUCT_NOT_FOUND', { productIds: unknown.map((line) => line.productId) })
    }
    const short = wanted.filter(({ product, quantity }) => product.quantity < quantity)
    if (short.length > 0) return new ShopError('OUT_OF_STOCK', { products: short.map(toShortage) })
    const priced = price(wanted)
    if (priced instanceof ShopError) return priced
    for (const { productId, product, quantity } of wanted)
      stock.change(productId, product, { quantity: product.quantity - quantity })
    const order: OrderDocument = { _id: orderId, userId, ...priced, status: 'placed', createdAt: time }
    orders.push(order)
    return order
  }

  function setQuantity({ movementId, productId, quantity }: SetProductQuantity): ProductDocument | ShopError {
    const product = stock.get(productId)
    if (!product) return new ShopError('PRODUCT_NOT_FOUND', { productIds: [productId] })
    if (product.quantity === quantity) return product
    movements.push({
      _id: movementId,
      productId: product._id,
      change: quantity - product.quantity,
      reason: 'set',
      at: time,
    })
    return stock.change(productId, product, { quantity })
  }

  function addProduct(row: AddProduct): ProductDocument | ShopError {
    const taken = stock.bySku(row.product.sku)
    if (!taken) return create(row)
    return new ShopError('SKU_TAKEN', { sku: taken.sku, productId: taken._id.toHexString() })
  }

  function upsertRows(command: UpsertRows): UpsertResult[] {
    return command.rows.map((row) => upsertRow(row, command.setQuantity))
  }

  function upsertRow(row: ProductRow, setsQuantity: boolean): UpsertResult {
    const { sku, quantity: wanted } = row.product
    const product = stock.bySku(sku)
    if (!product) return { sku, id: create(row)._id.toHexString(), outcome: 'created' }
    const id = product._id.toHexString()
    const edited = edits(row, product)
    const moves = setsQuantity && product.quantity !== wanted
    if (!edited && !moves) return { sku, id, outcome: 'unchanged' }
    if (moves) {
      movements.push({
        _id: row.movementId,
        productId: product._id,
        change: wanted - product.quantity,
        reason: 'set',
        at: time,
      })
    }
    stock.change(id, product, {
      ...(edited && { ...edited, version: product.version + 1 }),
      ...(moves && { quantity: wanted }),
    })
    return { sku, id, outcome: 'updated' }
  }

  function create({ productId, movementId, product }: ProductRow): ProductDocument {
    const document = { _id: productId, ...product, version: 1, revision: 1, createdAt: time, updatedAt: time }
    stock.add(document)
    if (product.quantity > 0) {
      movements.push({ _id: movementId, productId, change: product.quantity, reason: 'initial', at: time })
    }
    return document
  }
}

interface Wanted {
  readonly productId: string
  readonly quantity: number
  readonly product: ProductDocument
}

const isKnown = (line: Omit<Wanted, 'product'> & { product: ProductDocument | undefined }): line is Wanted =>
  line.product !== undefined

const toShortage = ({ productId, quantity, product }: Wanted) => ({
  productId,
  sku: product.sku,
  requested: quantity,
  available: product.quantity,
})

/** The lines with the prices and names of this moment, and their exact total. */
function price(wanted: readonly Wanted[]): { lines: OrderLineDocument[]; total: Money } | ShopError {
  const currencies = new Set<Currency>(wanted.map(({ product }) => product.price.currency))
  if (currencies.size > 1) return new ShopError('CURRENCY_MISMATCH', { currencies: [...currencies] })
  const lines: OrderLineDocument[] = []
  let sum: Money | undefined
  for (const { product, quantity } of wanted) {
    const { _id: productId, sku, name, price: unitPrice } = product
    const total = multiply(unitPrice, quantity)
    sum = total && sum ? add(sum, total) : total
    if (!total || !sum) return new ShopError('AMOUNT_OUT_OF_RANGE', {})
    lines.push({ productId, sku, name, unitPrice, quantity, total })
  }
  return { lines, total: sum! }
}

/** What a row changes of a product's description; a field it leaves out stays. */
function edits({ product: row }: ProductRow, product: ProductDocument): Partial<ProductDocument> | undefined {
  const edited: Partial<ProductDocument> = {}
  if (row.name !== product.name) edited.name = row.name
  if (row.description !== undefined && row.description !== product.description) edited.description = row.description
  if (row.category !== undefined && row.category !== product.category) edited.category = row.category
  if (row.price.amount !== product.price.amount || row.price.currency !== product.price.currency)
    edited.price = row.price
  return Object.keys(edited).length > 0 ? edited : undefined
}
