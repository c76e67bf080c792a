/** An error of the start as text for a person: what failed, and what to do. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'EADDRINUSE') {
    const port = 'port' in error ? String(error.port) : ''
    return `Port ${port} is taken by another program. Stop that one, or choose another port: PORT=8001 npx pnpm start`
  }
  // The driver passes on what the DNS says of a mongodb+srv address.
  if ('syscall' in error && String(error.syscall).startsWith('query')) {
    return `The host that MONGODB_URI names cannot be looked up: ${error.message}. Check the address and the network, or unset MONGODB_URI to use the embedded database.`
  }
  if ('code' in error && (error.code === 'ENOTFOUND' || error.code === 'EADDRNOTAVAIL') && 'syscall' in error) {
    return `HOST is not an address of this machine: ${error.message}. 127.0.0.1 is this machine alone, 0.0.0.0 all its interfaces.`
  }
  if ('code' in error && error.code === 'EACCES' && 'port' in error) {
    return `Port ${String(error.port)} is not for this user to open. Choose one above 1023: PORT=8000 npx pnpm start`
  }
  if (error.name === 'MongoServerSelectionError' || error.name === 'MongoNetworkError') {
    return `MongoDB cannot be reached: ${error.message}. Check MONGODB_URI, or unset it to use the embedded database.`
  }
  if (error.name === 'MongoParseError') {
    return `MONGODB_URI is not valid: ${error.message}. It looks like mongodb://host:27017/?replicaSet=name`
  }
  if (error.name === 'MongoServerError') {
    return `MongoDB refuses to open the shop: ${error.message} Check that the user of MONGODB_URI may create collections and indexes, and that no stored data break them.`
  }
  return error.message
}
