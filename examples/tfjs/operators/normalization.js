'use strict';
const tf = require('@tensorflow/tfjs-core');
const {layers} = require('@tensorflow/tfjs-layers');

const {channelsFirst, channelsLast, need, op, range} = require('./common');

/** tf.layers.batchNormalization, whose momentum is the share that the old statistics keep. */
function batchNorm({input, running_mean: mean, running_var: variance, weight, bias}, {momentum = 0.1, eps = 1e-5}) {
  const affine = {scale: weight !== undefined, center: bias !== undefined};
  const layer = layers.batchNormalization({...affine, momentum: 1 - momentum, epsilon: eps});
  const images = input.rank > 2 ? [channelsLast, channelsFirst] : [(x) => x, (x) => x];
  layer.build(images[0](input).shape);
  layer.setWeights([weight, bias, mean, variance].filter((x) => x !== undefined));
  const call = ({input: x}, training) => {
    const output = images[1](layer.apply(images[0](x), {training}));
    if (!training) return output;
    const [running_mean, running_var] = layer.nonTrainableWeights.map((each) => tf.clone(each.read()));
    return {output, running_mean, running_var};
  };
  const named = layer.trainableWeights.map((each) => [each.originalName.endsWith('gamma') ? 'weight' : 'bias', each.read()]);
  return {layer, call, weights: Object.fromEntries(named)};
}

function layerNorm({input, weight, bias}, {normalized_shape: shape, eps = 1e-5}) {
  const axis = range(input.rank).slice(input.rank - shape.length);
  const layer = layers.layerNormalization({axis, epsilon: eps, scale: weight !== undefined, center: bias !== undefined});
  layer.build(input.shape);
  layer.setWeights([weight, bias].filter((x) => x !== undefined));
  const names = ['weight', 'bias'].filter((name) => ({weight, bias})[name] !== undefined);
  const weights = Object.fromEntries(names.map((name, i) => [name, layer.trainableWeights[i].read()]));
  return {layer, call: ({input: x}) => layer.apply(x), weights};
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
