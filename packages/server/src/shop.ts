import type {
  CreateOrder,
  CreateProduct,
  ListOrders,
  ListProducts,
  Order,
  OrderById,
  OrderPage,
  Product,
  ProductById,
  ProductPage,
  SetQuantity,
  UpsertProducts,
  UpsertResults,
} from '@stockroom/contracts'

/**
 * Everything the shop does, in the contract's types. Every method may throw ShopError with a code of
 * contracts/errors.ts: besides those named here, BUSY (nothing was done), and OUTCOME_UNKNOWN from those that write.
 */
export interface Shop extends AsyncDisposable {
  readonly products: {
    /** A page of the catalogue, oldest first. INVALID_CURSOR. */
    list(input: ListProducts): Promise<ProductPage>
    /** PRODUCT_NOT_FOUND. */
    byId(input: ProductById): Promise<Product>
    /** SKU_TAKEN. */
    create(input: CreateProduct): Promise<Product>
    /** Sets the units on hand. PRODUCT_NOT_FOUND. */
    setQuantity(input: SetQuantity): Promise<Product>
    /** Creates or updates by SKU; each hundred rows take effect together. */
    upsertMany(input: UpsertProducts): Promise<UpsertResults>
  }
  readonly orders: {
    /**
     * Takes every line from stock, or none: PRODUCT_NOT_FOUND, OUT_OF_STOCK, CURRENCY_MISMATCH, AMOUNT_OUT_OF_RANGE.
     * The order is on a majority of the database's members when this answers.
     */
    create(input: CreateOrder): Promise<Order>
    /** A page of all orders, oldest first. INVALID_CURSOR. */
    list(input: ListOrders): Promise<OrderPage>
    /** ORDER_NOT_FOUND. */
    byId(input: OrderById): Promise<Order>
  }
  /** Whether the database answers as primary within a second. */
  isReady(): Promise<boolean>
}
