export { decimalPlaces } from './currencies.ts'
export { errors, Issue, Shortage } from './errors.ts'
export type { ErrorCode, ErrorDetails, ShopErrorData } from './errors.ts'
export { Id, IdInput, UserId } from './id.ts'
export { IdempotencyKey } from './idempotency.ts'
export { add, Currency, Money, multiply } from './money.ts'
export {
  CreateOrder,
  ListOrders,
  MAX_ORDER_LINES,
  MoveOrder,
  Order,
  OrderById,
  OrderLine,
  OrderPage,
  OrderStatus,
  OrderStep,
  RefundOrder,
  WatchOrder,
} from './order.ts'
export { Cursor, Limit, MAX_PAGE } from './page.ts'
export {
  AdjustQuantity,
  CreateProduct,
  ListProducts,
  MAX_BULK_ROWS,
  Product,
  ProductById,
  ProductEvent,
  ProductPage,
  SetQuantity,
  Sku,
  UpsertProducts,
  UpsertResult,
  UpsertResults,
  WatchProducts,
} from './product.ts'
export { LineQuantity, MAX_LINE_QUANTITY, MAX_ON_HAND, OnHand } from './quantity.ts'
export { MAX_WATCHED } from './watch.ts'
