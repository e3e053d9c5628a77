'use strict';
/** Every operator that is offered, by torch's name. */
module.exports = {
  ...require('./activation'),
  ...require('./convolution'),
  ...require('./elementwise'),
  ...require('./fft'),
  ...require('./linalg'),
  ...require('./loss'),
  ...require('./normalization'),
  ...require('./optimizer'),
  ...require('./pooling'),
  ...require('./recurrent'),
  ...require('./reduction'),
  ...require('./regularization'),
  ...require('./shape'),
  ...require('./vision'),
};
