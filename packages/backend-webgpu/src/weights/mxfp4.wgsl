// E2M1: one sign, two exponent bits and one fraction bit. Source: OCP Microscaling Formats 1.0, 2023.

const TABLE = array<f32, 16>(0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6);
