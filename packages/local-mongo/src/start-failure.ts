import type { MongodOptions } from "./mongod-process.ts";
import { errorText, isDiskFull } from "./error-text.ts";

/** Says why a mongod did not start, from its log, and what to do. */
export function startFailure(options: MongodOptions, log: string, cause: unknown): Error {
  return new Error(explain(options, `${log}\n${errorText(cause)}`), { cause });
}

function explain(options: MongodOptions, log: string): string {
  const { mongod, port, dbPath } = options;
  if (isDiskFull(log)) return `The disk that holds ${dbPath} is full: free 500 MB there and start again.`;
  if (/address already in use/i.test(log)) return `Port ${port} was taken by another program just now: start again.`;
  if (/DBPathInUse|unable to lock the lock file/i.test(log)) {
    return `Another mongod uses ${dbPath}: stop it and start again.`;
  }
  if (/permission denied|read-only/i.test(log)) return `mongod cannot write to ${dbPath}: give this user the folder and start again.`;
  if (/featureCompatibilityVersion|unsupported WiredTiger file version/i.test(log)) {
    return (
      `The data in ${dbPath} were written by another version of MongoDB than ${mongod.version}, and it cannot read them: ` +
      `set STOCKROOM_MONGOD to a mongod of the version that wrote them, or move the folder away to start with an empty database.`
    );
  }
  return `mongod ${mongod.version} (${mongod.path}) did not start on ${dbPath}: ${lastError(log)}`;
}

/** mongod logs one JSON document per line, with the severity in `s`: E is an error, F a fatal one. */
function lastError(log: string): string {
  const lines = log.split("\n").filter((line) => line !== "");
  return lines.findLast((line) => /"s":"[EF]"/.test(line)) ?? lines.at(-1) ?? "it said nothing";
}
