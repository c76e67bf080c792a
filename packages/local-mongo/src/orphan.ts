import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/**
 * Ends the mongod that still runs on this path although its owner is dead, and waits for that.
 * A process that merely got the same id is left alone.
 *
 * @param dbPath absolute, without symbolic links
 */
export async function endOrphan(dbPath: string): Promise<void> {
  // mongod keeps its process id here, and empties the file when it shuts down.
  const pid = Number.parseInt(await readFile(join(dbPath, "mongod.lock"), "utf8").catch(() => ""), 10);
  const patience = Date.now() + 15_000;
  for (let signal: NodeJS.Signals = "SIGTERM"; await isMongodOn(pid, dbPath); await sleep(50)) {
    if (Date.now() > patience) signal = "SIGKILL";
    send(pid, "SIGCONT");
    send(pid, signal);
  }
}

async function isMongodOn(pid: number, dbPath: string): Promise<boolean> {
  if (!(pid > 0)) return false;
  return (await commandLine(pid)).includes(` --dbpath ${dbPath} `);
}

/** The words of a process's command, each between spaces; empty when it is gone, or dead and not yet reaped. */
async function commandLine(pid: number): Promise<string> {
  if (process.platform === "linux") {
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return ` ${words.replaceAll("\0", " ")} `;
  }
  const { stdout } = await promisify(execFile)("ps", ["-ww", "-o", "command=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return ` ${stdout.trim()} `;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone, which is what was wanted.
  }
}
