'use strict';
const tf = require('@tensorflow/tfjs-core');

const {need, op, range} = require('./common');

const REDUCTION = {none: tf.Reduction.NONE, mean: tf.Reduction.MEAN, sum: tf.Reduction.SUM};

/** Declares a loss of tf.losses, which takes the labels first. */
function loss(run) {
  return op(['reduction'], ({input, target, weight}, {reduction = 'mean'}) =>
    run(target, input, weight, REDUCTION[reduction]),
  );
}

function huber(delta, scale) {
  return ({input, target, weight}, params) => {
    const {[delta]: width = 1, reduction = 'mean'} = params;
    if (scale && width === 0) return tf.losses.absoluteDifference(target, input, weight, REDUCTION[reduction]);
    const y = tf.losses.huberLoss(target, input, weight, width, REDUCTION[reduction]);
    return scale && width !== 1 ? tf.div(y, width) : y;
  };
}

/** tf.losses.softmaxCrossEntropy, with classes in the last axis as probabilities; those of an index are one-hot. */
function crossEntropy({input, target, weight}, {reduction = 'mean', label_smoothing: smoothing = 0}) {
  need(!weight, 'tf.losses.softmaxCrossEntropy has weights of samples, not of classes');
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
  binary_cross_entropy: loss(logLoss),
  binary_cross_entropy_with_logits: loss(sigmoidCrossEntropy),
  cross_entropy: op(['reduction', 'label_smoothing'], crossEntropy, {indices: ['target']}),
  huber_loss: op(['delta', 'reduction'], huber('delta', false)),
  l1_loss: loss(tf.losses.absoluteDifference),
  mse_loss: loss(tf.losses.meanSquaredError),
  smooth_l1_loss: op(['beta', 'reduction'], huber('beta', true)),
};
