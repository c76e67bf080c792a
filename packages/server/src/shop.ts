import type {
  AdjustQuantity,
  CreateOrder,
  CreateProduct,
  ListOrders,
  ListProducts,
  MoveOrder,
  Order,
  OrderById,
  OrderPage,
  Product,
  ProductById,
  ProductEvent,
  ProductPage,
  RefundOrder,
  SetQuantity,
  UpsertProducts,
  UpsertResults,
  WatchOrder,
  WatchProducts,
} from '@stockroom/contracts'

/** What a call tells the shop beside its input, and is told beside its answer. */
export interface Call {
  /** Who calls: the scope of idempotency keys. Without it, keys of orders are scoped by the order's user. */
  readonly principal?: string
  /** Set by the shop: the answer is the one that an earlier call with the same idempotency key got. */
  replayed?: boolean
  /**
   * Told an order when it is decided and not yet committed, for whoever makes its answer ready meanwhile. Nobody may be
   * told of it: it may come to nothing, or to another one. Else the call answers with this very object.
   */
  onDecided?: (order: Order) => void
}

/**
 * Everything the shop does, in the contract's types. Every method may throw ShopError with a code of
 * contracts/errors.ts: besides those named here, BUSY (nothing was done), and OUTCOME_UNKNOWN from those that write.
 * Those that take a Call accept an idempotency key in their input, and may throw IDEMPOTENCY_KEY_REUSED.
 */
export interface Shop extends AsyncDisposable {
  /** Every caller is given the same products: they are frozen, and their dates are not to be changed either. */
  readonly products: {
    /** A page of the catalogue, oldest first. INVALID_CURSOR. */
    list(input: ListProducts): Promise<ProductPage>
    /** PRODUCT_NOT_FOUND. */
    byId(input: ProductById): Promise<Product>
    /** SKU_TAKEN. */
    create(input: CreateProduct): Promise<Product>
    /** Sets the units on hand. PRODUCT_NOT_FOUND, QUANTITY_CHANGED. */
    setQuantity(input: SetQuantity): Promise<Product>
    /** Adds or takes units. PRODUCT_NOT_FOUND, OUT_OF_STOCK; VALIDATION above 1,000,000,000 units on hand. */
    adjustQuantity(input: AdjustQuantity, call?: Call): Promise<Product>
    /** Creates or updates by SKU; each hundred rows take effect together. */
    upsertMany(input: UpsertProducts): Promise<UpsertResults>
    /**
     * Each watched product as it is, then each change of one, whichever process makes it. A reader that is slow gets
     * the latest of each product. Ends when the signal aborts, and with the shop, by throwing an AbortError.
     */
    watch(input: WatchProducts, signal?: AbortSignal): Promise<AsyncIterable<ProductEvent>>
    /**
     * Rises with every change of the products in memory; undefined while the database must be asked. What `list`
     * without a cursor and `byId` answered at a stamp holds for as long as this returns that stamp.
     */
    stamp(): number | undefined
  }
  readonly orders: {
    /**
     * Takes every line from stock, or none: PRODUCT_NOT_FOUND, OUT_OF_STOCK, CURRENCY_MISMATCH, AMOUNT_OUT_OF_RANGE.
     * The order is on a majority of the database's members when this answers.
     */
    create(input: CreateOrder, call?: Call): Promise<Order>
    /** Gives every unit back to stock, once. ORDER_NOT_FOUND, INVALID_TRANSITION; cancelled already is no error. */
    cancel(input: MoveOrder, call?: Call): Promise<Order>
    /** ORDER_NOT_FOUND, INVALID_TRANSITION. */
    pay(input: MoveOrder, call?: Call): Promise<Order>
    /** ORDER_NOT_FOUND, INVALID_TRANSITION. */
    fulfil(input: MoveOrder, call?: Call): Promise<Order>
    /** Gives the units back to stock only where the input says `restock`. ORDER_NOT_FOUND, INVALID_TRANSITION. */
    refund(input: RefundOrder, call?: Call): Promise<Order>
    /** A page of the orders that the filters leave. INVALID_CURSOR. */
    list(input: ListOrders): Promise<OrderPage>
    /** ORDER_NOT_FOUND. */
    byId(input: OrderById): Promise<Order>
    /** The order as it is, then after each of its steps; ends like a watch of products. ORDER_NOT_FOUND. */
    watch(input: WatchOrder, signal?: AbortSignal): Promise<AsyncIterable<Order>>
  }
  /** Whether the database answers as primary within a second. */
  isReady(): Promise<boolean>
}
