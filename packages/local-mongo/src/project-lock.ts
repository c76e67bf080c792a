import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "./error-text.ts";

/** The folder is in use by a living process. */
export class AlreadyRunningError extends Error {
  override name = "AlreadyRunningError";
  readonly folder: string;
  /** Of the process that has the folder; undefined in the instant before it has said so. */
  readonly pid: number | undefined;

  constructor(folder: string, pid: number | undefined) {
    super(`Stockroom is already running in this folder (pid ${pid ?? "not known yet"}): use that one, or stop it first (Ctrl-C there${pid === undefined ? "" : `, or kill ${pid}`}). Folder: ${folder}`);
    this.folder = folder;
    this.pid = pid;
  }
}

/** What the owner of a folder says about itself. */
export interface Owner {
  readonly pid: number;
  /** Of its database, once that takes writes. */
  readonly uri?: string;
}

/** The right to run in a folder. It ends with `release`, and with the process, however that ends. */
export interface ProjectLock {
  announce(owner: Owner): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the folder for this process. The lock is one of the operating system's on a file that SQLite holds open:
 * unlike a file with a process id in it, it cannot be taken twice and cannot outlive its owner.
 *
 * @throws AlreadyRunningError
 */
export async function lockProject(folder: string): Promise<ProjectLock> {
  const database = new DatabaseSync(join(folder, "lock"));
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!/database is locked/.test(errorText(error))) throw error;
    throw new AlreadyRunningError(folder, (await readOwner(folder))?.pid);
  }
  const file = ownerFile(folder);
  await rm(file, { force: true });
  return {
    async announce(owner) {
      await writeFile(`${file}.new`, JSON.stringify(owner));
      await rename(`${file}.new`, file);
    },
    async release() {
      await rm(file, { force: true });
      database.close();
    },
  };
}

/** The living owner of a folder, given half a second to say who it is. */
export async function readOwner(folder: string): Promise<Owner | undefined> {
  for (let attempt = 0; attempt < 25; attempt++) {
    const text = await readFile(ownerFile(folder), "utf8").catch(() => undefined);
    const owner = text === undefined ? undefined : (JSON.parse(text) as Owner);
    if (owner && isAlive(owner.pid)) return owner;
    await sleep(20);
  }
  return undefined;
}

function ownerFile(folder: string): string {
  return join(folder, "owner.json");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
