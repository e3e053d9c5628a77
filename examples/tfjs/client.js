#!/usr/bin/env node
'use strict';
/** TensorFlow.js behind the harness's wire protocol: `harness replay "exec:node examples/tfjs/client.js"`. */

const {Console} = require('node:console');

globalThis.console = new Console(process.stderr); // stdout is the protocol's

const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
// The gradient of prod needs this method of a tensor, which of all packages only @tensorflow/tfjs brings along.
tf.Tensor.prototype.reshape = function (shape) {
  return tf.reshape(this, shape);
};

const {Unsupported} = require('./operators/common');
const {ProtocolError, VERSION, decode, messages, send} = require('./protocol');
const {answer} = require('./run');

/** int64 is for what counts or points; see run.js. */
const HELLO = {
  type: 'hello',
  protocol: VERSION,
  name: 'tfjs',
  version: tf.version_core,
  dtypes: ['float32', 'int32', 'int64', 'bool'],
  noise: ['derived'],
};

async function answered({body, tensors}) {
  switch (body.type) {
    case 'hello':
      if (body.protocol !== VERSION) throw new ProtocolError(`this client speaks protocol ${VERSION}`);
      return {body: {...HELLO}};
    case 'run':
      return answer(body, tensors);
    case 'echo': // asked by `harness smoke`
      return {body: {type: 'echo'}, tensors};
    default:
      throw new ProtocolError(`there is no message of type ${JSON.stringify(body.type)}`);
  }
}

/** Returns the answer to a message, null to the one that ends the conversation. Any fault is an answer too. */
async function reply(blob) {
  let question = {};
  const said = (body) => ({body: question.id === undefined ? body : {...body, id: question.id}});
  try {
    const message = decode(blob);
    question = message.body;
    if (question.type === 'bye') return null;
    const {body, tensors} = await answered(message);
    return {...said(body), tensors};
  } catch (error) {
    if (error instanceof Unsupported) return said({type: 'unsupported', reason: error.message});
    return said({type: 'error', message: `${error.name}: ${error.message}`});
  }
}

async function main() {
  await tf.setBackend('cpu');
  for await (const blob of messages(process.stdin)) {
    const said = await reply(blob);
    if (said === null) return;
    await send(process.stdout, said.body, said.tensors);
  }
}

main().catch((error) => {
  console.error(error instanceof ProtocolError ? error.message : error);
  process.exitCode = 1;
});
