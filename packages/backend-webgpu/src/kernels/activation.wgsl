// Elfwing et al. 2017, arXiv:1702.03118, for silu; So et al. 2021, arXiv:2109.08668, for the squared ReLU.

const RELU2: u32 = 1;
const SILU: u32 = 2;

override ACTIVATION: u32 = 0;

fn silu(x: f32) -> f32 {
  return x / (1 + exp(-x));
}

fn activate(x: f32) -> f32 {
  switch (ACTIVATION) {
    case RELU2: {
      return max(x, 0) * max(x, 0);
    }
    case SILU: {
      return silu(x);
    }
    default: {
      return x;
    }
  }
}
