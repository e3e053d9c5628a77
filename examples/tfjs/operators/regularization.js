'use strict';
const tf = require('@tensorflow/tfjs-core');
const {layers, regularizers} = require('@tensorflow/tfjs-layers');

const {need, op} = require('./common');
const {linear} = require('./linalg');

function dropout({input}, {p = 0.5}, {training, seed}) {
  need(p < 1, 'tf.dropout takes rates below 1');
  return layers.dropout({rate: p, seed}).apply(input, {training});
}

/** tf.dropout of whole channels, the last `spatial` axes together. */
function channelDropout(spatial) {
  const run = ({input}, {p = 0.5}, {seed}) => {
    need(p < 1, 'tf.dropout takes rates below 1');
    return tf.dropout(input, p, input.shape.map((n, i) => (i < input.rank - spatial ? n : 1)), seed);
  };
  return op(['p'], run, {seed: true});
}

function alphaDropout({input}, {p = 0.5}, {training}) {
  need(p > 0 && p < 1, 'tf.layers.alphaDropout takes rates between 0 and 1');
  return layers.alphaDropout({rate: p}).apply(input, {training});
}

/** tf.regularizers' l2 is the factor of the squares, lambd / 2. */
const l1 = (lambd) => regularizers.l1({l1: lambd});
const l2 = (lambd) => regularizers.l2({l2: lambd / 2});
const elasticNet = (lambd1, lambd2) => regularizers.l1l2({l1: lambd1, l2: lambd2 / 2});

function penalty(params, regularizer) {
  return op(params, ({weight}, given) => regularizer(...params.map((name) => given[name])).apply(weight));
}

function linearMse(params, regularizer) {
  const run = ({input, weight, bias, target}, given) => {
    const y = linear.run({input, weight, bias});
    const error = tf.losses.meanSquaredError(target, y, undefined, tf.Reduction.MEAN);
    return tf.add(error, regularizer(...params.map((name) => given[name])).apply(weight));
  };
  return op(params, run);
}

function clipGradValue(grads, {clip_value: limit}) {
  return Object.fromEntries(Object.entries(grads).map(([name, x]) => [name, tf.clipByValue(x, -limit, limit)]));
}

module.exports = {
  alpha_dropout: op(['p'], alphaDropout, {mode: true}),
  clip_grad_value: op(['clip_value'], clipGradValue),
  dropout: op(['p'], dropout, {mode: true, seed: true}),
  dropout1d: channelDropout(1),
  dropout2d: channelDropout(2),
  dropout3d: channelDropout(3),
  elastic_net_penalty: penalty(['lambd1', 'lambd2'], elasticNet),
  l1_penalty: penalty(['lambd'], l1),
  l2_penalty: penalty(['lambd'], l2),
  linear_mse_elastic_net: linearMse(['lambd1', 'lambd2'], elasticNet),
  linear_mse_l1: linearMse(['lambd'], l1),
  linear_mse_l2: linearMse(['lambd'], l2),
};
