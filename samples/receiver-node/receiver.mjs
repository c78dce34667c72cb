// A merchant's webhook receiver without a dependency: node receiver.mjs (Node 18 or later).
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

const LARGEST_BODY = 128 * 1024; // an event takes at most 64 KiB
const REMEMBERED_EVENTS = 10_000;

// <verify>
const TOLERANCE_SECONDS = 300;

// X-Signature: over the raw body alone. Anyone who has seen one such request can replay it for ever,
// so it is checked where it is present, and never enough.
function verifyBody(rawBody, signatureHeader, secret) {
  const expected = crypto.createHmac("sha256", secret).update(rawBody).digest("hex");
  // timingSafeEqual throws on different lengths.
  if (Buffer.byteLength(signatureHeader) !== expected.length) return false;
  return crypto.timingSafeEqual(Buffer.from(signatureHeader), Buffer.from(expected));
}

// X-Kobbopay-Signature: the same key and form, over timestamp + "." + raw body.
function verifyKobbopay(rawBody, headers, signatureHeader, secret) {
  const signed = Buffer.concat([Buffer.from(`${headers["x-kobbopay-timestamp"]}.`), rawBody]);
  return verifyBody(signed, signatureHeader, secret);
}

// webhook-signature: Standard Webhooks 1.0, a list, over id.timestamp.body with the secret's decoded bytes.
function verifyStandard(rawBody, headers, signatureHeader, secret) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`);
  const hash = crypto.createHmac("sha256", key).update(signed).update(rawBody).digest("base64");
  const expected = Buffer.from(`v1,${hash}`);
  return signatureHeader.split(" ").map(entry => Buffer.from(entry))
    .some(entry => entry.length === expected.length && crypto.timingSafeEqual(entry, expected));
}

// The names of the signature headers that verified; throws an Error that names the cause.
// `headers` has lower-case names, as Node gives them; `secrets` is a list, so that a rotation loses nothing.
export function verify(rawBody, headers, secrets, nowSeconds = Date.now() / 1000) {
  if (rawBody[0] !== 0x7b) throw new Error("the body does not begin with {, as every signed body does");
  const verified = [];
  const check = (name, timestampName, matches) => {
    if (headers[name] === undefined) return;
    if (timestampName && !/^\d{1,12}$/.test(headers[timestampName] ?? ""))
      throw new Error(`the header ${timestampName} is missing or not a number of unix seconds`);
    // During a rotation the new secret signs the header of the same name with -next.
    const candidates = [headers[name], headers[`${name}-next`]].filter(value => value !== undefined);
    if (!secrets.some(secret => candidates.some(value => matches(value, secret))))
      throw new Error(`the header ${name} matches none of the secrets`);
    if (timestampName && Math.abs(nowSeconds - Number(headers[timestampName])) > TOLERANCE_SECONDS)
      throw new Error(`the header ${timestampName} is more than ${TOLERANCE_SECONDS} s away from this clock`);
    verified.push(name);
  };
  check("webhook-signature", "webhook-timestamp",
    (value, secret) => verifyStandard(rawBody, headers, value, secret));
  check("x-kobbopay-signature", "x-kobbopay-timestamp",
    (value, secret) => verifyKobbopay(rawBody, headers, value, secret));
  if (verified.length === 0) throw new Error("the headers webhook-signature and x-kobbopay-signature are missing");
  check("x-signature", null, (value, secret) => verifyBody(rawBody, value, secret));
  return verified;
}
// </verify>

// The environment, else what `make run` has written: .kobbopay/demo.env in this folder or one above it.
function readSecrets() {
  let text = process.env.KOBBOPAY_WEBHOOK_SECRET;
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); !text; folder = path.dirname(folder)) {
    const file = path.join(folder, ".kobbopay", "demo.env");
    if (fs.existsSync(file)) text = /^KOBBOPAY_WEBHOOK_SECRET=(.*)$/m.exec(fs.readFileSync(file, "utf8"))?.[1];
    if (folder === path.dirname(folder)) break;
  }
  const secrets = (text ?? "").split(",").map(secret => secret.trim()).filter(Boolean);
  if (secrets.length > 0 && secrets.every(secret => /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(secret))) return secrets;
  console.error("Set KOBBOPAY_WEBHOOK_SECRET to the secret (whsec_..., several with commas), or start `make run`.");
  process.exit(1);
}

// In a real shop: a unique column, written in the transaction that does the work.
const seen = new Set();
function isNew(eventId) {
  if (seen.has(eventId)) return false;
  seen.add(eventId);
  if (seen.size > REMEMBERED_EVENTS) seen.delete(seen.values().next().value);
  return true;
}

async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new Error(`the body is larger than ${LARGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function answer(response, status, text = "") {
  response.writeHead(status, { "Content-Type": "text/plain" }).end(text);
}

const secrets = readSecrets();
const server = http.createServer(async (request, response) => {
  if (request.url !== "/webhooks") return answer(response, 404);
  if (request.method !== "POST") return answer(response, 405);
  try {
    const rawBody = await readBody(request);
    const verified = verify(rawBody, request.headers, secrets);
    const event = JSON.parse(rawBody.toString("utf8")); // only now: what was signed are the bytes
    console.log(`${isNew(event.id) ? "verified" : "duplicate"} ${event.type} payment_id=${event.payment_id ?? "-"}`
      + ` orderId=${event.orderId ?? "-"} sequence=${event.sequence ?? "-"} signatures=${verified.join(",")}`);
    answer(response, 200);
  } catch (error) {
    console.log(`refused: ${error.message}`);
    answer(response, 400, error.message);
  }
});
server.requestTimeout = 15_000;
server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () =>
  console.log(`listening on http://127.0.0.1:${server.address().port}/webhooks`));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.close(() => process.exit(0)));
