import { MongoInstance } from "mongodb-memory-server-core";
import { MongoInstanceEvents } from "mongodb-memory-server-core/lib/util/MongoInstance.js";
import type { Mongod } from "./check-mongod.ts";
import { startFailure } from "./start-failure.ts";
import { setName } from "./replica-set.ts";

/** What to start, and where. */
export interface MongodOptions {
  readonly mongod: Mongod;
  readonly port: number;
  /** An absolute path of a folder that exists. */
  readonly dbPath: string;
  /** Parameters of the server, given as `--setParameter name=value`. */
  readonly parameters: Readonly<Record<string, string | number>>;
  /** In a process group of its own, where Ctrl-C in the terminal does not reach it. */
  readonly detached: boolean;
}

/** A mongod that accepts connections, or did. */
export interface MongodProcess {
  readonly pid: number;
  /** Ends the process and waits for that: SIGTERM closes the data cleanly and takes about 1 s, SIGKILL is quick. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/**
 * Starts a mongod and waits until it accepts connections. It ends within 2 s of the death of this process.
 * `onExit` is called when it is gone, whoever ended it.
 */
export async function startMongod(options: MongodOptions, onExit: () => void = () => {}): Promise<MongodProcess> {
  const { mongod, port, dbPath, parameters, detached } = options;
  const args = ["--quiet", "--wiredTigerCacheSizeGB", "0.5", "--oplogSize", "1024"];
  for (const [name, value] of Object.entries(parameters)) args.push("--setParameter", `${name}=${value}`);
  const instance = new MongoInstance({
    // The engine is always said: the library may choose one that keeps nothing. Recovery after a crash takes its time.
    instance: { port, dbPath, ip: "127.0.0.1", replSet: setName, storageEngine: "wiredTiger", args, launchTimeout: 60_000 },
    binary: { systemBinary: mongod.path, version: mongod.version },
    spawn: { detached },
  });
  const log: string[] = [];
  const keep = (lines: string) => void log.push(lines);
  instance.on(MongoInstanceEvents.instanceSTDOUT, keep).on(MongoInstanceEvents.instanceSTDERR, keep);
  try {
    await instance.start();
  } catch (error) {
    await instance.stop();
    throw startFailure(options, log.join("\n"), error);
  }
  instance.off(MongoInstanceEvents.instanceSTDOUT, keep).off(MongoInstanceEvents.instanceSTDERR, keep);
  const child = instance.mongodProcess;
  if (child?.pid === undefined) throw startFailure(options, log.join("\n"), undefined);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  void exited.then(onExit);
  return {
    pid: child.pid,
    async end(signal) {
      child.kill("SIGCONT");
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await exited;
      clearTimeout(timer);
      // The library's watcher process is still there.
      await instance.stop();
    },
  };
}
