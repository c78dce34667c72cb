// Pays a payment on dev-evm as its payer would: `make pay ID=pay_... [AMOUNT=1.5]`, while `make run` is going. Without
// an amount it pays what is due. The local chain's first account pays; the node signs for it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [id, wanted] = process.argv.slice(2);

class Refusal extends Error {}
const refuse = sentence => { throw new Refusal(sentence); };

function readDemo() {
  const folder = process.env.KOBBOPAY_FOLDER || fileURLToPath(new URL('..', import.meta.url));
  let text;
  try {
    text = readFileSync(`${folder}/.kobbopay/demo.env`, 'utf8');
  } catch {
    refuse('Kobbopay was never started here: `make run` first.');
  }
  const demo = Object.fromEntries(text.split('\n').filter(line => line.includes('=')).map(line => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)];
  }));
  if (!demo.KOBBOPAY_EVM_RPC)
    refuse('`make run` started no EVM chain: its first lines tell why.');
  return demo;
}

async function ask(url, options, who) {
  try {
    return await fetch(url, options);
  } catch {
    return refuse(`${who} does not answer at ${new URL(url).origin}: is \`make run\` going?`);
  }
}

async function readPayment(demo) {
  const response = await ask(
    `${demo.KOBBOPAY_URL}/v1/payments/${encodeURIComponent(id)}`,
    { headers: { 'x-api-key': demo.KOBBOPAY_API_KEY } }, 'Kobbopay');
  const body = await response.json().catch(() => ({}));
  if (response.status === 404) refuse(`The demo merchant has no payment ${id}.`);
  if (!response.ok) refuse(`The payment can't be read: ${response.status} ${body.detail ?? ''}`);
  if (body.network === 'example-network')
    refuse('This payment is on the simulator: POST /v1/sandbox/payments/{payment_id}/pay pays it.');
  if (body.network !== 'dev-evm') refuse(`This payment is on ${body.network}, and only dev-evm is a chain of this machine.`);
  return body;
}

// A decimal text in the currency's smallest unit, exactly.
function unitsOf(amount, decimals) {
  const [, whole, part = ''] = /^(\d+)(?:\.(\d+))?$/.exec(amount) ?? refuse(`'${amount}' is no amount: it is like 10.5.`);
  if (part.length > decimals) refuse(`${amount} has more than the currency's ${decimals} decimals.`);
  return BigInt(whole + part.padEnd(decimals, '0'));
}

function textOf(units, decimals) {
  const digits = `${units}`.padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  return `${whole}.${digits.slice(whole.length)}`.replace(/\.?0*$/, '');
}

function rpcOf(demo) {
  return async (method, ...params) => {
    const response = await ask(demo.KOBBOPAY_EVM_RPC, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    }, 'The local chain');
    const { result, error } = await response.json();
    return error ? refuse(`The local chain refuses: ${error.message} (${method}).`) : result;
  };
}

async function receiptOf(rpc, hash) {
  for (let attempt = 0; attempt < 50; attempt++) {
    const receipt = await rpc('eth_getTransactionReceipt', hash);
    if (receipt) return receipt;
    await new Promise(done => setTimeout(done, 200));
  }
  return refuse(`${hash} was sent and is in no block after 10 s: does the local chain still make blocks?`);
}

async function pay() {
  if (!/^pay_[0-9a-z]+$/.test(id ?? '')) refuse('Which payment? make pay ID=pay_... [AMOUNT=1.5]');
  const demo = readDemo();
  const payment = await readPayment(demo);
  const { decimals } = payment.asset;
  const units = wanted ? unitsOf(wanted, decimals)
    : unitsOf(payment.amountDue, decimals) - unitsOf(payment.amountReceived, decimals);
  if (units <= 0n && wanted) refuse('The amount must be above 0.');
  if (units <= 0n) refuse(`Nothing is due, the payment is ${payment.status}; AMOUNT=1.5 pays that much all the same.`);
  const word = hex => hex.replace('0x', '').toLowerCase().padStart(64, '0');
  const rpc = rpcOf(demo);
  const [from] = await rpc('eth_accounts');
  const transfer = payment.asset.contract === null
    ? { to: payment.depositAddress, value: `0x${units.toString(16)}` }
    // transfer(address,uint256)
    : { to: payment.asset.contract, data: `0xa9059cbb${word(payment.depositAddress)}${word(units.toString(16))}` };
  const hash = await rpc('eth_sendTransaction', { from, ...transfer });
  console.log(`Sent ${textOf(units, decimals)} ${payment.currency} to ${payment.depositAddress}: transaction ${hash}`);
  const receipt = await receiptOf(rpc, hash);
  if (receipt.status !== '0x1') refuse(`It failed in block ${Number(receipt.blockNumber)}: does ${from} have that much?`);
  console.log(`It is in block ${Number(receipt.blockNumber)}; a block comes every 2 s, and the payment needs `
    + `${payment.requiredConfirmations} confirmations.`);
  console.log(`The payer's page:   ${payment.publicStatusUrl}`);
  console.log(`The merchant's view: curl -sS "${demo.KOBBOPAY_URL}/v1/payments/${id}" -H "x-api-key: ${demo.KOBBOPAY_API_KEY}"`);
}

try {
  await pay();
} catch (problem) {
  if (!(problem instanceof Refusal)) throw problem;
  console.error(problem.message);
  process.exitCode = 1;
}
