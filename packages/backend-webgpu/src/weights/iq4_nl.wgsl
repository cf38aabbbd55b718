// Steps that widen away from zero, as weights grow rarer. Source: ggml (ggml-common.h).

const TABLE = array<f32, 16>(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
