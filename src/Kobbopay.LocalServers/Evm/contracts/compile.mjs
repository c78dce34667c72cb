// Makes contracts.json of Contracts.sol: `npm ci --ignore-scripts && npm run compile`. Needed after a change only; the
// result is committed, so that neither building nor testing needs the compiler.
import { readFileSync, writeFileSync } from 'node:fs';
import solc from 'solc';

const here = new URL('./', import.meta.url);
const read = path => readFileSync(new URL(path, here), 'utf8');
const input = {
  language: 'Solidity',
  sources: { 'Contracts.sol': { content: read('Contracts.sol') } },
  settings: {
    optimizer: { enabled: true, runs: 200 },
    // Runs on any chain of the last years, and the same source gives the same bytes.
    evmVersion: 'paris',
    metadata: { appendCBOR: false, bytecodeHash: 'none' },
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.methodIdentifiers'] } },
  },
};

const output = JSON.parse(solc.compile(JSON.stringify(input), {
  import: path => ({ contents: read(`node_modules/${path}`) }),
}));
for (const problem of output.errors ?? []) console.error(problem.formattedMessage);
if (output.errors?.length) process.exit(1);

const compiled = Object.entries(output.contracts['Contracts.sol']).map(([name, contract]) =>
  [name, {
    abi: contract.abi,
    selectors: contract.evm.methodIdentifiers,
    bytecode: contract.evm.bytecode.object,
  }]);
const lines = compiled.map(([name, contract]) => `  "${name}": ${JSON.stringify(contract)}`);
writeFileSync(new URL('contracts.json', here), `{\n${lines.join(',\n')}\n}\n`);
