import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/** Whom to end, and what to delete then. */
interface Watched {
  readonly dbPath: string
  readonly throwAway: boolean
}

/**
 * Ends a mongod when this process ends, even by `kill -9`: a shell waits for the end of its input, which this process
 * holds open. Returns what calls the watch off.
 */
export function watchFor(pid: number, { dbPath, throwAway }: Watched): () => void {
  if (process.platform === 'win32') return () => {}
  const end = throwAway
    ? 'kill -KILL "$0"; sleep 1; rm -rf "$1" "$1.log"; rmdir "${1%/*}"'
    : 'kill -TERM "$0"; kill -CONT "$0"'
  const watcher = spawn('sh', ['-c', `read -r _; ${end}`, String(pid), dbPath], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  // Without a shell there is no watch, and the next start of the project ends what is left.
  watcher.on('error', () => {})
  watcher.unref()
  ;(watcher.stdin as Socket).unref()
  return () => void watcher.kill('SIGKILL')
}
