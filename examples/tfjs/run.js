'use strict';
/** Answers one case by TensorFlow.js: tensors there and back, the stages, gradients by its own differentiation. */

const tf = require('@tensorflow/tfjs-core');
const seedrandom = require('seedrandom');

const OPERATORS = require('./operators');
const {Unsupported} = require('./operators/common');
const {plain} = require('./protocol');

/** What TensorFlow.js says of what it does not do; any other complaint about a legal call is an error. */
const REFUSAL = new RegExp(
  [
    /must be \w+ tensor, but got/,
    /[Nn]ot (yet )?(supported|implemented)/,
    /[Oo]nly supports/,
    /dtype must be/,
    /must have 'float32' dtype/,
    /gradient function not found/,
  ]
    .map((each) => each.source)
    .join('|'),
);

/** Returns the body and the tensors of the answer to a `run`. */
async function answer(body, tensors) {
  const operator = OPERATORS[body.operator];
  if (!operator) throw new Unsupported('TensorFlow.js has no such operator');
  const params = plain(body.params);
  for (const name of Object.keys(params)) {
    if (!operator.params.includes(name)) throw new Unsupported(`it takes no param ${JSON.stringify(name)}`);
  }
  tf.engine().startScope();
  try {
    return await new Run(operator, body, params, tensors).stages();
  } catch (error) {
    throw REFUSAL.test(error.message) ? new Unsupported(oneLine(error.message)) : error;
  } finally {
    tf.engine().endScope();
  }
}

class Run {
  constructor(operator, body, params, tensors) {
    Object.assign(this, {operator, body, params});
    this.inputs = {};
    for (const name of body.inputs) this.inputs[name] = ownTensor(name, tensors.get(`inputs/${name}`), operator);
    this.upstream = {};
    for (const name of body.grad_outputs) {
      const upstream = ownTensor(name, tensors.get(`grad_outputs/${name}`), operator);
      this.upstream[name] = body.complex.includes(name) ? complexOf(upstream) : upstream;
    }
    this.layer = operator.layer ? operator.run(this.inputs, params) : null;
    this.told = new Map();
  }

  async stages() {
    const {stages} = this.body;
    const unsupported = {};
    let forward = false;
    if (stages.includes('backward')) {
      try {
        this.differentiate();
        forward = true;
      } catch (error) {
        if (!(error instanceof Unsupported) && !REFUSAL.test(error.message)) throw error;
        unsupported.backward = oneLine(error.message);
      }
    }
    if (stages.includes('forward') && !forward) this.tell('forward', await this.evaluate(true));
    if (stages.includes('eval')) {
      if (this.operator.mode) this.tell('eval', await this.evaluate(false));
      else unsupported.eval = 'it has no mode';
    }
    this.layer?.layer.weights.forEach((weight) => weight.dispose());
    const body = {type: 'outputs', noise_mode: this.body.noise_names.length ? 'derived' : 'none', unsupported};
    if (this.body.noise_names.length) body.takes_seed = this.operator.seed;
    return {body, tensors: this.told};
  }

  /** Returns the outputs of the operator by name, or the promise of them. */
  evaluate(training) {
    const inputs = this.arguments();
    // What takes no seed draws from Math.random: this makes one case draw the same mask in every run.
    if (this.body.noise_names.length) seedrandom(String(this.body.noise_seed), {global: true});
    const found = this.layer
      ? this.layer.call(inputs, training)
      : this.operator.run(inputs, this.params, {training, seed: this.body.noise_seed});
    return found instanceof Promise ? found.then((all) => this.named(all)) : this.named(found);
  }

  /** Returns the inputs as the operator takes them: pairs as complex numbers, those of a sequence in one list. */
  arguments() {
    const inputs = {...this.inputs};
    for (const name of this.body.complex.filter((each) => each in inputs)) {
      inputs[name] = complexOf(inputs[name]);
    }
    for (const [name, parts] of Object.entries(this.body.sequences)) {
      inputs[name] = parts.map((part) => inputs[part]);
      for (const part of parts) delete inputs[part];
    }
    return inputs;
  }

  named(found) {
    if (found instanceof tf.Tensor) return {[this.body.outputs[0]]: found};
    if (!Array.isArray(found)) return found;
    return Object.fromEntries(found.map((tensor, i) => [this.body.outputs[i] ?? `output${i}`, tensor]));
  }

  tell(stage, tensors) {
    for (const [name, tensor] of Object.entries(tensors)) {
      this.told.set(`${stage}/${name}`, wireTensor(tensor, this.operator.counts.includes(name)));
    }
  }

  /** Tells forward, and the gradient of each input, zero for one that no output depends on. */
  differentiate() {
    const wanted = this.body.differentiable;
    const primals = wanted.map((name) => this.layer?.weights[name] ?? this.inputs[name]);
    if (!primals.length) throw new Unsupported('no input has a gradient');
    const names = Object.keys(this.upstream);
    const [only] = names;
    const loss = () => {
      const outputs = this.evaluate(true);
      if (outputs instanceof Promise) throw new Unsupported('it is not differentiable');
      this.tell('forward', outputs);
      if (names.length === 1) return outputs[only];
      return names.map((name) => tf.sum(tf.mul(outputs[name], this.upstream[name]))).reduce((a, b) => tf.add(a, b));
    };
    const {grads} = tf.engine().gradients(loss, primals, names.length === 1 ? this.upstream[only] : null, true);
    wanted.forEach((name, i) => {
      this.told.set(`backward/grad_${name}`, wireTensor(grads[i] ?? tf.zerosLike(this.inputs[name]), false));
    });
  }
}

/** Returns complex numbers from pairs in the last axis. */
function complexOf(pairs) {
  const [real, imaginary] = tf.unstack(pairs, pairs.rank - 1);
  return tf.complex(real, imaginary);
}

/** Returns a tensor of TensorFlow.js. int64 becomes int32 only for what counts or points. */
function ownTensor(name, {dtype, shape, data}, operator) {
  switch (dtype) {
    case 'F32':
      return tf.tensor(data, shape, 'float32');
    case 'I32':
      return tf.tensor(data, shape, 'int32');
    case 'BOOL':
      return tf.tensor(data, shape, 'bool');
    case 'I64':
      if (!operator.indices.includes(name)) throw new Unsupported('TensorFlow.js has no int64');
      if (data.some((n) => n !== BigInt.asIntN(32, n))) throw new Unsupported(`${name} holds an integer beyond int32`);
      return tf.tensor(Int32Array.from(data, Number), shape, 'int32');
    default:
      throw new Unsupported(`TensorFlow.js has no ${dtype}`);
  }
}

/** Returns a tensor as the wire has it, complex numbers as pairs. */
function wireTensor(tensor, counts) {
  const {dtype, shape} = tensor;
  const data = tensor.dataSync();
  if (dtype === 'complex64') return {dtype: 'F32', shape: [...shape, 2], data};
  if (dtype === 'int32' && counts) return {dtype: 'I64', shape, data: BigInt64Array.from(data, BigInt)};
  return {dtype: {float32: 'F32', int32: 'I32', bool: 'BOOL'}[dtype], shape, data};
}

function oneLine(text) {
  return text.split(/\s+/).join(' ').trim();
}

module.exports = {answer};
