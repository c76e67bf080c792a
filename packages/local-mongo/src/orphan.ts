import { setTimeout as sleep } from 'node:timers/promises'
import { hasExited, processesWith } from './processes.ts'

/**
 * Ends the mongod that still runs on this path although its owner is dead, and waits for that. It is known by its
 * command: a process id that was noted somewhere may belong to another program by now.
 *
 * @param dbPath absolute, as mongod was started with it
 */
export async function endOrphan(dbPath: string): Promise<void> {
  for (const pid of await processesWith('--dbpath', dbPath, '--port')) {
    const patience = Date.now() + 15_000
    while (!(await hasExited(pid))) {
      send(pid, 'SIGCONT')
      send(pid, Date.now() < patience ? 'SIGTERM' : 'SIGKILL')
      await sleep(50)
    }
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone, which is what was wanted.
  }
}
