// The actions of a database over HTTP, as openapi.json describes them: each request is a call of the command line.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export interface Settings {
  /** The built `actwright`. */
  program: string;
  database: string;
  tenant: string;
  /** Users by the tokens that they send. */
  actors: Record<string, string>;
}

const STATUS: Record<string, number> = {
  VALIDATION_ERROR: 400,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  IDEMPOTENCY_KEY_REUSED: 409,
  RATE_LIMITED: 429,
  INTERNAL_ERROR: 500,
  TRANSIENT_FAILURE: 503,
};

/** A server on a free port of loopback. */
export async function start(settings: Settings, openapi: string): Promise<{ server: Server; baseUrl: string }> {
  const { paths } = JSON.parse(readFileSync(openapi, "utf8")) as { paths: Record<string, { post?: unknown }> };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const answer = (status: number, body: string) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(body);
    const path = request.url ?? "";
    if (request.method !== "POST" || paths[path]?.post === undefined) {
      return answer(404, "no such address");
    }
    const [id, version] = path.split("/").slice(-2);
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    const actor = settings.actors[token];
    if (actor === undefined) {
      return answer(401, "who are you?");
    }
    const call = ["call", `${id}@${version}`, "--db", settings.database, "--tenant", settings.tenant, "--actor", actor];
    const key = request.headers["idempotency-key"];
    if (typeof key === "string") call.push("--idempotency-key", key);
    if (request.headers["actwright-dry-run"] === "true") call.push("--dry-run");
    const { exit, out } = await run(settings.program, [...call, "--input", "-", "--json"], await text(request));
    const code = exit === 0 ? undefined : (JSON.parse(out) as { error: { code: string } }).error.code;
    return answer(code === undefined ? 200 : (STATUS[code] ?? 500), out);
  };
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { server, baseUrl: `http://127.0.0.1:${address.port}` };
}

async function text(stream: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return text;
}

function run(program: string, args: string[], input: string): Promise<{ exit: number | null; out: string }> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
    child.on("error", failed).on("close", (exit) => done({ exit, out }));
    child.stdin.end(input);
  });
}
