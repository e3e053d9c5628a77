'use strict';
/** What the tables of operators share: how one is declared, and the translation of torch's axes. */

const tf = require('@tensorflow/tfjs-core');

/** The framework, or this client, does not offer what is asked. */
class Unsupported extends Error {}

/**
 * Declares an operator: torch's params that it takes, and a function `(inputs, params, context)` of TensorFlow.js.
 *
 * It returns a tensor, an array of them in the order of torch's outputs, or an object by name. Options:
 * - indices: int64 inputs that count or point at something, and so can be int32;
 * - counts: outputs of that kind, int32 here and int64 in torch;
 * - mode: it has a training and an evaluation mode, `context.training`;
 * - seed: it takes the seed of the noise that it draws, `context.seed`;
 * - layer: the function returns `{call(inputs, training), weights}`; weights are the layer's variables by input.
 */
function op(params, run, options = {}) {
  return {params, run, indices: [], counts: [], mode: false, seed: false, layer: false, ...options};
}

/** Declares an operator of one input that takes no params. */
function unary(run) {
  return op([], ({input}) => run(input));
}

/** Throws `Unsupported` unless a condition holds. */
function need(condition, why) {
  if (!condition) throw new Unsupported(why);
}

function axisOf(dim, rank) {
  return dim < 0 ? dim + Math.max(rank, 1) : dim;
}

function range(n) {
  return [...Array(n).keys()];
}

/** Returns a number or a list as a list of `n`. */
function listOf(value, n) {
  return Array.isArray(value) ? (value.length === 1 ? Array(n).fill(value[0]) : value) : Array(n).fill(value);
}

/** Applies what works along the last axis along `dim`. */
function alongLast(x, dim, work) {
  need(x.rank > 0, 'a scalar has no axis');
  const axis = axisOf(dim, x.rank);
  if (axis >= x.rank - 1) return work(x);
  const order = range(x.rank);
  [order[axis], order[x.rank - 1]] = [order[x.rank - 1], order[axis]]; // a swap is its own inverse
  return tf.transpose(work(tf.transpose(x, order)), order);
}

/** Returns (N, C, ...) as (N, ..., C). */
function channelsLast(x) {
  return tf.transpose(x, [0, ...range(x.rank).slice(2), 1]);
}

/** Returns (N, ..., C) as (N, C, ...). */
function channelsFirst(x) {
  return tf.transpose(x, [0, x.rank - 1, ...range(x.rank).slice(1, -1)]);
}

/** Runs `work` on (N, ..., C) where torch has (N, C, ...), or (C, ...) without a batch. */
function onImages(x, spatial, work) {
  const single = x.rank === spatial + 1;
  const y = channelsFirst(work(channelsLast(single ? tf.expandDims(x, 0) : x)));
  return single ? tf.squeeze(y, [0]) : y;
}

module.exports = {
  Unsupported,
  alongLast,
  axisOf,
  channelsFirst,
  channelsLast,
  listOf,
  need,
  onImages,
  op,
  range,
  unary,
};
