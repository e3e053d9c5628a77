'use strict';
const tf = require('@tensorflow/tfjs-core');
const {layers} = require('@tensorflow/tfjs-layers');

const {alongLast, axisOf, need, op, unary} = require('./common');

/** An activation of tfjs-layers, by the name that its users give. */
function activation(name) {
  return (x) => layers.activation({activation: name}).apply(x);
}

function gelu({input}, {approximate = 'none'}) {
  return activation(approximate === 'tanh' ? 'gelu_new' : 'gelu')(input);
}

function elu({input}, {alpha = 1}) {
  return alpha === 1 ? tf.elu(input) : layers.elu({alpha}).apply(input);
}

function glu({input}, {dim = -1}) {
  const [value, gate] = tf.split(input, 2, axisOf(dim, input.rank));
  return tf.mul(value, tf.sigmoid(gate));
}

function hardtanh({input}, {min_val: low = -1, max_val: high = 1}) {
  return tf.clipByValue(input, low, high);
}

function prelu({input, weight}) {
  const perChannel = weight.size > 1 && input.rank > 2;
  return tf.prelu(input, perChannel ? tf.reshape(weight, [weight.size, ...Array(input.rank - 2).fill(1)]) : weight);
}

function softplus({input}, {beta = 1, threshold = 20}) {
  need(threshold === 20, 'tf.softplus has a threshold of its own');
  return beta === 1 ? tf.softplus(input) : tf.div(tf.softplus(tf.mul(input, beta)), beta);
}

function threshold({input}, {threshold: theta, value}) {
  return tf.where(tf.lessEqual(input, theta), tf.fill(input.shape, value, input.dtype), input);
}

module.exports = {
  elu: op(['alpha'], elu),
  gelu: op(['approximate'], gelu),
  glu: op(['dim'], glu),
  hardsigmoid: unary((x) => tf.div(tf.relu6(tf.add(x, 3)), 6)),
  hardswish: unary((x) => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6))),
  hardtanh: op(['min_val', 'max_val'], hardtanh),
  leaky_relu: op(['negative_slope'], ({input}, {negative_slope: slope = 0.01}) => tf.leakyRelu(input, slope)),
  log_softmax: op(['dim'], ({input}, {dim}) => alongLast(input, dim, (x) => tf.logSoftmax(x))),
  logsigmoid: unary(tf.logSigmoid),
  mish: unary(activation('mish')),
  prelu: op([], prelu),
  relu: unary(tf.relu),
  relu6: unary(tf.relu6),
  selu: unary(tf.selu),
  sigmoid: unary(tf.sigmoid),
  silu: unary(activation('swish')),
  softmax: op(['dim'], ({input}, {dim}) => alongLast(input, dim, (x) => tf.softmax(x))),
  softmin: op(['dim'], ({input}, {dim}) => alongLast(tf.neg(input), dim, (x) => tf.softmax(x))),
  softplus: op(['beta', 'threshold'], softplus),
  softsign: unary(activation('softsign')),
  tanh: unary(tf.tanh),
  tanhshrink: unary((x) => tf.sub(x, tf.tanh(x))),
  threshold: op(['threshold', 'value'], threshold),
};
