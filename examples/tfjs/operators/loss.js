'use strict';
const tf = require('@tensorflow/tfjs-core');

const {need, op, range} = require('./common');

const REDUCTION = {none: tf.Reduction.NONE, mean: tf.Reduction.MEAN, sum: tf.Reduction.SUM};

/**
 * Runs a loss of tf.losses, which takes the labels first.
 *
 * Of a weighted loss it means by the weights; `plain` is torch's mean of some, over the elements.
 */
function reduced(run, {input, target, weight}, {reduction = 'mean'}, plain) {
  for (const other of [target, weight ?? target]) {
    need(tf.util.arraysEqual(input.shape, other.shape) || other === weight, 'tf.losses broadcasts nothing');
  }
  if (plain && weight && reduction === 'mean') return tf.mean(run(target, input, weight, tf.Reduction.NONE));
  return run(target, input, weight, REDUCTION[reduction]);
}

function loss(run, {plain = false} = {}) {
  return op(['reduction'], (inputs, params) => {
    need(!inputs.pos_weight, 'tf.losses has no weight of the positive class');
    return reduced(run, inputs, params, plain);
  });
}

function huber(inputs, {delta = 1, ...params}) {
  const run = (labels, predictions, weight, reduction) =>
    tf.losses.huberLoss(labels, predictions, weight, delta, reduction);
  return reduced(run, inputs, params, true);
}

/** huber_loss divided by its width; of no width, l1_loss. */
function smoothL1(inputs, {beta = 1, ...params}) {
  if (beta === 0) return reduced(tf.losses.absoluteDifference, inputs, params);
  return tf.div(huber(inputs, {delta: beta, ...params}), beta);
}

/** tf.losses.softmaxCrossEntropy, with classes in the last axis as probabilities; those of an index are one-hot. */
function crossEntropy({input, target, weight}, {reduction = 'mean', label_smoothing: smoothing = 0}) {
  need(!weight, 'tf.losses.softmaxCrossEntropy has weights of samples, not of classes');
  const ignored = target.dtype === 'int32' && target.dataSync().some((label) => label < 0);
  need(!ignored, 'tf.losses.softmaxCrossEntropy ignores no index');
  const order = [0, ...range(input.rank).slice(2), 1];
  const last = (x) => (x.rank > 2 ? tf.transpose(x, order) : x);
  const classes = input.rank === 1 ? input.shape[0] : input.shape[1];
  const labels = target.dtype === 'int32' ? tf.cast(tf.oneHot(target, classes), 'float32') : last(target);
  return tf.losses.softmaxCrossEntropy(labels, last(input), undefined, smoothing, REDUCTION[reduction]);
}

function logLoss(labels, predictions, weight, reduction) {
  return tf.losses.logLoss(labels, predictions, weight, 0, reduction);
}

function sigmoidCrossEntropy(labels, logits, weight, reduction) {
  return tf.losses.sigmoidCrossEntropy(labels, logits, weight, 0, reduction);
}

module.exports = {
  binary_cross_entropy: loss(logLoss, {plain: true}),
  binary_cross_entropy_with_logits: loss(sigmoidCrossEntropy, {plain: true}),
  cross_entropy: op(['reduction', 'label_smoothing'], crossEntropy, {indices: ['target']}),
  huber_loss: op(['delta', 'reduction'], huber),
  l1_loss: loss(tf.losses.absoluteDifference),
  mse_loss: loss(tf.losses.meanSquaredError),
  smooth_l1_loss: op(['beta', 'reduction'], smoothL1),
};
