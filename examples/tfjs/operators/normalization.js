'use strict';
const tf = require('@tensorflow/tfjs-core');
const {layers} = require('@tensorflow/tfjs-layers');

const {channelsFirst, channelsLast, need, op, range} = require('./common');

/**
 * Makes a layer of a shape, ready to be called with weights of torch.
 *
 * They are set before each call, because one in training changes what is running; the variables that a gradient is
 * taken of stay the same.
 */
function withWeights(layer, shape, tensors, call) {
  const given = tensors.filter((each) => each !== undefined);
  layer.build(shape);
  const nameOf = (variable) => (variable.originalName.includes('gamma') ? 'weight' : 'bias');
  return {
    layer,
    weights: Object.fromEntries(layer.trainableWeights.map((each) => [nameOf(each), each.read()])),
    call: (inputs, training) => {
      layer.setWeights(given);
      return call(inputs, training);
    },
  };
}

/** tf.layers.batchNormalization, whose momentum is the share that the old statistics keep. */
function batchNorm({input, running_mean: mean, running_var: variance, weight, bias}, {momentum = 0.1, eps = 1e-5}) {
  const affine = {scale: weight !== undefined, center: bias !== undefined};
  const layer = layers.batchNormalization({...affine, momentum: 1 - momentum, epsilon: eps});
  const images = input.rank > 2;
  const shape = images ? channelsLast(input).shape : input.shape;
  return withWeights(layer, shape, [weight, bias, mean, variance], ({input: x}, training) => {
    const y = layer.apply(images ? channelsLast(x) : x, {training});
    const output = images ? channelsFirst(y) : y;
    if (!training) return output;
    const [running_mean, running_var] = layer.nonTrainableWeights.map((each) => tf.clone(each.read()));
    return {output, running_mean, running_var};
  });
}

function layerNorm({input, weight, bias}, {normalized_shape: shape, eps = 1e-5}) {
  const axis = range(input.rank).slice(input.rank - shape.length);
  const affine = {scale: weight !== undefined, center: bias !== undefined};
  const layer = layers.layerNormalization({...affine, axis, epsilon: eps});
  return withWeights(layer, input.shape, [weight, bias], ({input: x}) => layer.apply(x));
}

/** tf.localResponseNormalization, which knows a radius on either side and no division of alpha by the size. */
function localResponseNorm({input}, {size, alpha = 1e-4, beta = 0.75, k = 1}) {
  need(size % 2 === 1, 'tf.localResponseNormalization has a radius, so an odd size');
  need(input.rank === 4, 'tf.localResponseNormalization takes images');
  return channelsFirst(tf.localResponseNormalization(channelsLast(input), (size - 1) / 2, k, alpha / size, beta));
}

module.exports = {
  batch_norm: op(['momentum', 'eps'], batchNorm, {layer: true, mode: true}),
  layer_norm: op(['normalized_shape', 'eps'], layerNorm, {layer: true}),
  local_response_norm: op(['size', 'alpha', 'beta', 'k'], localResponseNorm),
};
