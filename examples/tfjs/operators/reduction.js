'use strict';
const tf = require('@tensorflow/tfjs-core');

const {axisOf, need, op} = require('./common');

/** Declares a reduction over `dim`, all axes where there is none. */
function reduction(run) {
  return op(['dim', 'keepdim'], ({input}, {dim = null, keepdim = false}) => run(input, axesOf(dim, input), keepdim), {
    counts: ['output'],
  });
}

/** An axis, a list of them, or null for all. */
function axesOf(dim, x) {
  if (Array.isArray(dim)) return dim.map((each) => axesOf(each, x));
  need(dim === null || x.rank > 0, 'a scalar has no axis');
  return dim === null ? null : axisOf(dim, x.rank);
}

/** Declares one that also says where the extreme stood. */
function extreme(value, where) {
  const run = ({input}, {dim = null, keepdim = false}) => {
    const best = value(input, axesOf(dim, input), keepdim);
    if (dim === null) return best;
    const index = where(input, axisOf(dim, input.rank));
    return [best, keepdim ? tf.expandDims(index, axisOf(dim, input.rank)) : index];
  };
  return op(['dim', 'keepdim'], run, {counts: ['indices']});
}

/** Declares an index of an extreme; of all elements where no `dim` is given. */
function argument(where) {
  const run = ({input}, {dim = null, keepdim = false}) => {
    const axis = dim === null ? 0 : axisOf(dim, input.rank);
    const index = where(dim === null ? tf.reshape(input, [-1]) : input, axis);
    if (!keepdim) return index;
    return dim === null ? tf.reshape(index, input.shape.map(() => 1)) : tf.expandDims(index, axis);
  };
  return op(['dim', 'keepdim'], run, {counts: ['output']});
}

function moments(input, {dim = null, correction = 1, keepdim = false}) {
  need(correction === 0, 'tf.moments has no correction');
  return tf.moments(input, axesOf(dim, input), keepdim);
}

function topk({input}, {k, dim = -1, largest = true}) {
  need(largest, 'tf.topk gives the largest');
  need(axisOf(dim, input.rank) === input.rank - 1, 'tf.topk works along the last axis');
  const {values, indices} = tf.topk(input, k, true);
  return [values, indices];
}

/** torch's orders of norms as tf.norm has them; it has no others. */
function order(ord) {
  need(['fro', 1, 2, Infinity, -Infinity].includes(ord), `tf.norm has no order ${ord}`);
  return ord === 'fro' ? 'euclidean' : ord;
}

function vectorNorm({x}, {ord = 2, dim = null, keepdim = false}) {
  need(!Array.isArray(dim) || dim.length === 1, 'tf.norm of two axes is one of matrices');
  return tf.norm(x, order(ord), axesOf(dim, x), keepdim);
}

function matrixNorm({input}, {ord = 'fro', dim = [-2, -1], keepdim = false}) {
  need(ord !== 2, 'tf.norm has no spectral norm');
  return tf.norm(input, order(ord), axesOf(dim, input), keepdim);
}

function bincount({input, weights}, {minlength = 0}) {
  const none = tf.tensor1d([], 'int32');
  const size = Math.max(minlength, input.size ? tf.max(input).dataSync()[0] + 1 : 0);
  return tf.bincount(input, weights ?? none, size);
}

function bucketize({input, boundaries}, {right = false}) {
  return searchsorted({sorted_sequence: boundaries, input}, {right});
}

/** tf.searchSorted wants the same leading axes; torch searches one sequence for values of any shape. */
function searchsorted({sorted_sequence: sorted, input}, {right = false, side = null}) {
  const values = sorted.rank === 1 ? tf.reshape(input, [input.size]) : input;
  return tf.reshape(tf.searchSorted(sorted, values, side ?? (right ? 'right' : 'left')), input.shape);
}

const countNonzero = ({input}, {dim = null}) =>
  tf.sum(tf.cast(tf.notEqual(input, 0), 'int32'), axesOf(dim, input));

module.exports = {
  all: reduction(tf.all),
  amax: reduction(tf.max),
  amin: reduction(tf.min),
  aminmax: op(['dim', 'keepdim'], ({input}, {dim = null, keepdim = false}) =>
    [tf.min, tf.max].map((run) => run(input, axesOf(dim, input), keepdim)),
  ),
  any: reduction(tf.any),
  argmax: argument(tf.argMax),
  argmin: argument(tf.argMin),
  bincount: op(['minlength'], bincount, {indices: ['input'], counts: ['output']}),
  bucketize: op(['right'], bucketize, {counts: ['output']}),
  count_nonzero: op(['dim'], countNonzero, {counts: ['output']}),
  cumprod: op(['dim'], ({input}, {dim}) => tf.cumprod(input, axisOf(dim, input.rank))),
  cumsum: op(['dim'], ({input}, {dim}) => tf.cumsum(input, axisOf(dim, input.rank)), {counts: ['output']}),
  logsumexp: reduction(tf.logSumExp),
  matrix_norm: op(['ord', 'dim', 'keepdim'], matrixNorm),
  max: extreme(tf.max, tf.argMax),
  mean: reduction(tf.mean),
  min: extreme(tf.min, tf.argMin),
  prod: reduction(tf.prod),
  searchsorted: op(['right', 'side'], searchsorted, {counts: ['output']}),
  std: op(['dim', 'correction', 'keepdim'], ({input}, params) => tf.sqrt(moments(input, params).variance)),
  sum: reduction(tf.sum),
  topk: op(['k', 'dim', 'largest'], topk, {counts: ['indices']}),
  var: op(['dim', 'correction', 'keepdim'], ({input}, params) => moments(input, params).variance),
  var_mean: op(['dim', 'correction', 'keepdim'], ({input}, params) => {
    const {mean, variance} = moments(input, params);
    return [variance, mean];
  }),
  vector_norm: op(['ord', 'dim', 'keepdim'], vectorNorm),
};
