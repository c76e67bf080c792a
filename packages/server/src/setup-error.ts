/** The shop cannot be opened as it is asked to be: the message says why and what to do. */
export class ShopSetupError extends Error {
  override readonly name = 'ShopSetupError'
}
