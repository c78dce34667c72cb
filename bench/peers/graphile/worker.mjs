// Webhooks by graphile-worker: each job is one signed POST. The bench fills its queue and counts what arrives.
// Environment: PEER_DATABASE (a postgres:// URL), PEER_TARGET, PEER_SECRET (whsec_...).
import { createHmac } from "node:crypto";
import { Logger, run } from "graphile-worker";
import { Pool } from "undici";

const CONCURRENCY = 32;

const key = Buffer.from(process.env.PEER_SECRET.slice("whsec_".length), "base64");
const target = new URL(process.env.PEER_TARGET);
const receiver = new Pool(target.origin, { connections: CONCURRENCY });

async function deliver({ id, body }) {
  const timestamp = Math.floor(Date.now() / 1000).toString();
  const mac = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  const answer = await receiver.request({
    method: "POST",
    path: target.pathname,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${mac}`,
    },
    body,
  });
  await answer.body.dump();
  if (answer.statusCode >= 300) throw new Error(`answered ${answer.statusCode}`);
}

await run({
  taskList: { deliver },
  preset: {
    worker: {
      connectionString: process.env.PEER_DATABASE,
      concurrentJobs: CONCURRENCY,
      // What its documentation advises for a deep queue of short jobs: claims and completions in batches.
      localQueue: { size: 500 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      maxPoolSize: CONCURRENCY + 2,
      logger: new Logger(() => () => {}),
    },
  },
});
console.log("ready");
