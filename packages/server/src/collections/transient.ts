import {
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from 'mongodb'

/**
 * Codes of a state that passes by itself, by their names in MongoDB's error_codes.yml. The driver labels most of them,
 * but not all after a primary was killed.
 */
const passing = {
  HostUnreachable: 6,
  HostNotFound: 7,
  LockTimeout: 24,
  MaxTimeMSExpired: 50,
  StaleShardVersion: 63,
  WriteConcernTimeout: 64,
  NetworkTimeout: 89,
  ShutdownInProgress: 91,
  WriteConflict: 112,
  FailedToSatisfyReadPreference: 133,
  ReadConcernMajorityNotAvailableYet: 134,
  StaleEpoch: 150,
  PrimarySteppedDown: 189,
  TransactionTooOld: 225,
  RetryChangeStream: 234,
  TransactionAborted: 244,
  SnapshotUnavailable: 246,
  NoSuchTransaction: 251,
  ExceededTimeLimit: 262,
  PreparedTransactionInProgress: 267,
  TransactionExceededLifetimeLimitSeconds: 290,
  ConnectionPoolExpired: 317,
  InternalTransactionNotSupported: 358,
  ConnectionError: 384,
  ResourceExhausted: 402,
  IngressRequestRateLimitExceeded: 462,
  SocketException: 9001,
  LegacyNotPrimary: 10058,
  NotWritablePrimary: 10107,
  InterruptedAtShutdown: 11600,
  /** The session was ended under a command, because its lane was slow enough to be taken for dead. */
  Interrupted: 11601,
  InterruptedDueToReplStateChange: 11602,
  StaleConfig: 13388,
  NotPrimaryNoSecondaryOk: 13435,
  NotPrimaryOrSecondary: 13436,
}
const passingCodes: ReadonlySet<number> = new Set(Object.values(passing))

/** Whether the same command, sent again, may well succeed. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof MongoError)) return false
  return (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    // What was written is there, but nobody knows whether for good.
    error instanceof MongoWriteConcernError ||
    // The driver does not export this class.
    error.name === 'MongoWaitQueueTimeoutError' ||
    error.hasErrorLabel('TransientTransactionError') ||
    error.hasErrorLabel('UnknownTransactionCommitResult') ||
    error.hasErrorLabel('RetryableWriteError') ||
    passingCodes.has(Number(error.code))
  )
}

/** Whether another transaction held what this one wanted to write. */
export function isConflict(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === passing.WriteConflict
}
