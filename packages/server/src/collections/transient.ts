import {
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from 'mongodb'

/**
 * Codes of a state that passes by itself: a write conflict, a lost or changing primary, a transaction that is gone,
 * a write concern not reached in time. The driver labels most of them, but not all after a primary was killed, nor
 * 11601: the session was ended under a command, for its lane was slow enough to be taken for dead.
 */
const passing = new Set([
  6, 7, 24, 50, 63, 64, 89, 91, 112, 133, 134, 150, 189, 225, 234, 244, 246, 251, 262, 267, 290, 317, 358, 384, 402,
  462, 9001, 10058, 10107, 11600, 11601, 11602, 13388, 13435, 13436,
])

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
    passing.has(Number(error.code))
  )
}

/** Whether another transaction held what this one wanted to write. */
export function isConflict(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 112
}
