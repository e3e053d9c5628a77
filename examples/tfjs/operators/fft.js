'use strict';
const tf = require('@tensorflow/tfjs-core');

const {axisOf, need, op} = require('./common');

/** Declares a transform along the last axis without a factor of its own, which is all that tf.spectral has. */
function transform(run) {
  return op(['n', 'dim', 'norm'], ({input}, {n = null, dim = -1, norm = null}) => {
    need(norm === null || norm === 'backward', 'tf.spectral has one norm');
    need(axisOf(dim, input.rank) === input.rank - 1, 'tf.spectral works along the last axis');
    return run(input, n);
  });
}

/** tf.spectral.fft takes as many numbers as there are. */
function whole(run) {
  return transform((input, n) => {
    need(n === null || n === input.shape[input.rank - 1], 'tf.spectral neither pads nor cuts complex numbers');
    return run(input);
  });
}

function irfft(input, n) {
  need(n === null || n === 2 * (input.shape[input.rank - 1] - 1), 'tf.spectral.irfft takes no length');
  return tf.spectral.irfft(input);
}

function stft({input, window}, params) {
  const {n_fft: size, hop_length: hop = Math.floor(size / 4), win_length: length = size} = params;
  need(params.center === false, 'tf.signal.stft does not pad');
  need(params.onesided !== false && !params.normalized, 'tf.signal.stft is one-sided and not normalized');
  need(window && length === size && input.rank === 1, 'tf.signal.stft takes one signal and a window of its length');
  const frames = tf.signal.stft(input, size, hop, size, () => window);
  return tf.complex(tf.transpose(tf.real(frames)), tf.transpose(tf.imag(frames)));
}

module.exports = {
  fft: whole(tf.spectral.fft),
  ifft: whole(tf.spectral.ifft),
  irfft: transform(irfft),
  rfft: transform((input, n) => tf.spectral.rfft(input, n ?? input.shape[input.rank - 1])),
  stft: op(['n_fft', 'hop_length', 'win_length', 'center', 'onesided', 'normalized', 'return_complex'], stft),
};
