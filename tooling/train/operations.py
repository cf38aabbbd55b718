"""Differentiable operations of the model, written for few passes over memory on a CPU."""
import torch
import torch.nn.functional as F

NEGATIVE_INFINITY = -1e30


class LinearBfloat16(torch.autograd.Function):
    """x · weightᵀ in bfloat16 with float32 master weights; inputs and outputs are float32."""

    @staticmethod
    def forward(ctx, x, weight):
        x_low, weight_low = x.reshape(-1, x.shape[-1]).bfloat16(), weight.bfloat16()
        ctx.save_for_backward(x_low, weight_low)
        ctx.shape = x.shape
        return torch.mm(x_low, weight_low.t()).float().view(*x.shape[:-1], weight.shape[0])

    @staticmethod
    def backward(ctx, grad):
        x_low, weight_low = ctx.saved_tensors
        grad_low = grad.reshape(-1, grad.shape[-1]).bfloat16()
        return torch.mm(grad_low, weight_low).float().view(ctx.shape), torch.mm(grad_low.t(), x_low).float()


class RmsNormFunction(torch.autograd.Function):
    """x / rms(x) · weight over the last dimension; the weight may carry leading group dimensions."""

    @staticmethod
    def forward(ctx, x, weight, epsilon):
        scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon)
        normalized = x * scale
        ctx.save_for_backward(normalized, weight, scale)
        return normalized * weight

    @staticmethod
    def backward(ctx, grad):
        normalized, weight, scale = ctx.saved_tensors
        grad_weight = (grad * normalized).reshape(-1, *weight.shape).sum(0)
        grad_normalized = grad * weight
        projection = (grad_normalized * normalized).mean(-1, keepdim=True)
        return (grad_normalized - normalized * projection) * scale, grad_weight, None


class SquaredReluFunction(torch.autograd.Function):
    """max(x, 0)²"""

    @staticmethod
    def forward(ctx, x):
        positive = x.clamp(min=0)
        ctx.save_for_backward(positive)
        return positive * positive

    @staticmethod
    def backward(ctx, grad):
        positive, = ctx.saved_tensors
        return (grad * positive).mul_(2)


class CausalConvSiluFunction(torch.autograd.Function):
    """silu(causal depthwise convolution + bias); x [batch, time, channel], weight [channel, 1, taps]."""

    @staticmethod
    def forward(ctx, x, weight, bias):
        taps, time = weight.shape[-1], x.shape[1]
        padded = F.pad(x, (0, 0, taps - 1, 0))
        y = padded[:, 0:time] * weight[:, 0, 0] + bias
        for tap in range(1, taps):
            y.addcmul_(padded[:, tap:tap + time], weight[:, 0, tap])
        gate = torch.sigmoid(y)
        ctx.save_for_backward(padded, weight, y, gate)
        return y * gate

    @staticmethod
    def backward(ctx, grad):
        padded, weight, y, gate = ctx.saved_tensors
        taps, time = weight.shape[-1], y.shape[1]
        grad_y = (1 - gate).mul_(y).add_(1).mul_(gate).mul_(grad)
        grad_padded = F.pad(grad_y, (0, 0, 0, taps - 1))
        grad_x = grad_y * weight[:, 0, taps - 1]
        for tap in range(taps - 1):
            shift = taps - 1 - tap
            grad_x.addcmul_(grad_padded[:, shift:shift + time], weight[:, 0, tap])
        grad_weight = [(grad_y * padded[:, tap:tap + time]).sum((0, 1)) for tap in range(taps)]
        return grad_x, torch.stack(grad_weight, -1).unsqueeze(1), grad_y.sum((0, 1))


def scan_recurrent(x, dt, A, B, C):
    """The state space recurrence, one step after the other: the definition that `scan_chunked` must meet.

    state[t] = exp(dt[t] · A) · state[t-1] + dt[t] · x[t] ⊗ B[t];   y[t] = state[t] · C[t]

    x [batch, time, heads, headDim], dt [batch, time, heads], A [heads], B and C [batch, time, groups, stateSize]
    """
    batch, time, heads, head_dim = x.shape
    repeats = heads // B.shape[2]
    B, C = B.repeat_interleave(repeats, 2), C.repeat_interleave(repeats, 2)
    state = x.new_zeros(batch, heads, head_dim, B.shape[-1])
    outputs = []
    for t in range(time):
        update = (dt[:, t, :, None] * x[:, t])[..., None] * B[:, t, :, None]
        state = state * torch.exp(dt[:, t] * A)[..., None, None] + update
        outputs.append((state * C[:, t, :, None]).sum(-1))
    return torch.stack(outputs, 1)


def scan_chunked(x, dt, A, B, C, chunk_size):
    """The same recurrence in matrix products over chunks (Dao & Gu 2024, arXiv:2405.21060, section 6).

    Dimensions in the comments: b batch, c chunk, q position in the chunk, h head, g group,
    r head within its group, p headDim, n stateSize.
    """
    batch, time, heads, head_dim = x.shape
    groups, state_size = B.shape[2:]
    per_group, chunks = heads // groups, time // chunk_size

    log_decay = (dt * A).view(batch, chunks, chunk_size, heads).permute(0, 1, 3, 2)
    decay_sum = torch.cumsum(log_decay, -1)                                                # b c h q
    x = (x * dt[..., None]).view(batch, chunks, chunk_size, heads, head_dim).permute(0, 1, 3, 2, 4)
    B = B.reshape(batch, chunks, chunk_size, groups, state_size).permute(0, 1, 3, 2, 4)    # b c g q n
    C = C.reshape(batch, chunks, chunk_size, groups, state_size).permute(0, 1, 3, 2, 4)

    # Within a chunk: a masked, decayed attention.
    causal = torch.ones(chunk_size, chunk_size, dtype=torch.bool).tril()
    decay = (decay_sum[..., :, None] - decay_sum[..., None, :]).masked_fill(~causal, NEGATIVE_INFINITY).exp()
    scores = (C @ B.transpose(-1, -2)).unsqueeze(3)                                        # b c g 1 q q
    weights = decay.view(batch, chunks, groups, per_group, chunk_size, chunk_size) * scores
    y = weights.view(batch, chunks, heads, chunk_size, chunk_size) @ x                     # b c h q p

    if chunks > 1:
        # Between chunks: the state each chunk adds, decayed to the start of every later chunk.
        to_end = torch.exp(decay_sum[..., -1:] - decay_sum)[..., None]
        added = (x * to_end).view(batch, chunks, groups, per_group, chunk_size, head_dim).permute(0, 1, 2, 3, 5, 4)
        added = added.reshape(batch, chunks, groups, per_group * head_dim, chunk_size) @ B  # b c g (r p) n
        total = torch.cumsum(decay_sum[..., -1], 1).permute(0, 2, 1)                       # b h c
        before = F.pad(total, (1, 0))[..., :-1]
        earlier = torch.ones(chunks, chunks, dtype=torch.bool).tril(-1)
        carry = (before[..., :, None] - total[..., None, :]).masked_fill(~earlier, NEGATIVE_INFINITY).exp()
        added = added.view(batch, chunks, heads, head_dim * state_size).permute(0, 2, 1, 3)
        entering = (carry @ added).view(batch, groups, per_group, chunks, head_dim, state_size)
        entering = entering.permute(0, 3, 1, 5, 2, 4).reshape(batch, chunks, groups, state_size, per_group * head_dim)
        from_state = (C @ entering).view(batch, chunks, groups, chunk_size, per_group, head_dim)
        from_state = from_state.permute(0, 1, 2, 4, 3, 5).reshape(batch, chunks, heads, chunk_size, head_dim)
        y = y + from_state * torch.exp(decay_sum)[..., None]
    return y.permute(0, 1, 3, 2, 4).reshape(batch, time, heads, head_dim)
