'use strict';
const tf = require('@tensorflow/tfjs-core');

const {need, op} = require('./common');

/**
 * Steps once with each row of `grads`; returns `param` and the optimizer's state, one row a step.
 *
 * `names` says what torch calls a weight of the optimizer, by the end of its name here.
 */
async function trajectory(optimizer, {param, grads}, names) {
  const variable = tf.variable(param);
  const rows = {param: []};
  for (const grad of tf.unstack(grads)) {
    optimizer.applyGradients({[variable.name]: grad});
    rows.param.push(tf.clone(variable));
    for (const {name, tensor} of await optimizer.getWeights()) {
      const torchName = names[name.split('/').pop()];
      if (torchName) (rows[torchName] ??= []).push(tf.clone(tensor));
    }
  }
  const stacked = Object.fromEntries(Object.entries(rows).map(([name, steps]) => [name, tf.stack(steps)]));
  optimizer.dispose();
  variable.dispose();
  return stacked;
}

/** Declares an optimizer. What only torch has must be off. */
function optimizer(params, off, make) {
  const run = (inputs, given) => {
    for (const name of off) need(!given[name], `tf.train has no ${name}`);
    const [made, names] = make(given);
    return trajectory(made, inputs, names);
  };
  return op([...params, ...off], run);
}

function sgd({lr = 1e-3, momentum = 0, nesterov = false}) {
  return momentum === 0
    ? [tf.train.sgd(lr), {}]
    : [tf.train.momentum(lr, momentum, nesterov), {momentum: 'momentum_buffer'}];
}

function adam({lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8}) {
  return [tf.train.adam(lr, ...betas, eps), {m: 'exp_avg', v: 'exp_avg_sq'}];
}

function adadelta({lr = 1, rho = 0.9, eps = 1e-6}) {
  return [tf.train.adadelta(lr, rho, eps), {accum_grad: 'square_avg', accum_var: 'acc_delta'}];
}

function adagrad({lr = 1e-2, initial_accumulator_value: start = 0, eps = 1e-10}) {
  need(eps <= 1e-7, 'the epsilon of tf.train.adagrad is 1e-7');
  return [tf.train.adagrad(lr, start), {accumulator: 'sum'}];
}

/** Its moments hold the learning rate, torch's do not. */
function rmsprop({lr = 1e-2, alpha = 0.99, eps = 1e-8, momentum = 0, centered = false}) {
  need(momentum === 0, 'the moments of tf.train.rmsprop hold the learning rate');
  return [tf.train.rmsprop(lr, alpha, 0, eps, centered), {rms: 'square_avg', mg: 'grad_avg'}];
}

module.exports = {
  adadelta: optimizer(['lr', 'rho', 'eps'], ['weight_decay', 'maximize'], adadelta),
  adagrad: optimizer(['lr', 'initial_accumulator_value', 'eps'], ['lr_decay', 'weight_decay', 'maximize'], adagrad),
  adam: optimizer(['lr', 'betas', 'eps'], ['weight_decay', 'amsgrad'], adam),
  rmsprop: optimizer(['lr', 'alpha', 'eps', 'momentum', 'centered'], ['weight_decay', 'maximize'], rmsprop),
  sgd: optimizer(['lr', 'momentum', 'nesterov'], ['weight_decay', 'dampening', 'maximize'], sgd),
};
